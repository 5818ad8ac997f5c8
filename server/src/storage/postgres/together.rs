//! What many requests ask of the database, done in one statement: what comes while it is busy goes to it together.
//! A single request waits for others only when many have just been answered, and then for a millisecond or two.
//!
//! A statement that the database refuses is tried again in halves, until what brought the refusal about stands alone: what one
//! asks costs the others no answer.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};

use crate::storage::StorageError;

/// Questions that may wait; those who come with more wait to be let in.
const QUEUE: usize = 4096;
/// Open questions from which on statements that overlap are kept of one size.
const MANY: usize = 4;
/// How long a statement waits for its share of the questions at most: the shortest time that Tokio measures.
const PATIENCE: Duration = Duration::from_millis(1);

type Reply<A> = oneshot::Sender<Result<A, StorageError>>;

type Waiting<Q, A> = (Q, Reply<A>);

/// How many questions make a statement, and how many statements there are at one time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Batches {
    /// Statements at one time.
    pub(super) at_once: usize,
    /// Questions in one statement at most.
    pub(super) most: usize,
}

impl Batches {
    /// How many questions a statement should have, when so many were `open` as the latest ones began. Where many ask, those
    /// who were answered soon ask again. Whoever is first must not go alone, and the others all together after it: a
    /// statement costs nearly the same whether it asks for one thing or for a few.
    fn share(self, open: &VecDeque<usize>) -> usize {
        let open = open.iter().copied().max().unwrap_or_default();
        if self.at_once == 1 || open < MANY {
            return 1;
        }
        open.div_ceil(self.at_once).min(self.most)
    }
}

/// Takes questions, and answers each when the statement that it was part of has run.
pub(super) struct Together<Q, A> {
    queue: mpsc::Sender<Waiting<Q, A>>,
}

impl<Q, A> Clone for Together<Q, A> {
    fn clone(&self) -> Self {
        Together {
            queue: self.queue.clone(),
        }
    }
}

impl<Q: Send + Sync + 'static, A: Send + 'static> Together<Q, A> {
    /// Starts tasks that end when the last handle is dropped. They hand what waits to `answer`, in `batches`, which answers
    /// the questions in their order, or fails for all of them; when one of them may have brought that about, it is asked again
    /// for each half.
    pub(super) fn start<F, D>(batches: Batches, answer: F) -> Self
    where
        F: Fn(Arc<Vec<Q>>) -> D + Clone + Send + Sync + 'static,
        D: Future<Output = Result<Vec<A>, StorageError>> + Send + 'static,
    {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let line = Arc::new(Line {
            waiting: Mutex::new(waiting),
            running: AtomicUsize::new(0),
            open: std::sync::Mutex::default(),
            batches,
        });
        for _ in 0..batches.at_once {
            tokio::spawn(work(Arc::clone(&line), answer.clone()));
        }
        Together { queue }
    }

    /// How many questions wait.
    pub(super) fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Asks `question`.
    ///
    /// # Errors
    /// Those of the statement; that the database refused it, only when this question alone brought that about.
    pub(super) async fn ask(&self, question: Q) -> Result<A, StorageError> {
        let (reply, answer) = oneshot::channel();
        let ended = || StorageError::Internal("a statement ended without an answer".into());
        self.queue
            .send((question, reply))
            .await
            .map_err(|_closed| ended())?;
        answer.await.map_err(|_closed| ended())?
    }
}

/// The questions that wait.
struct Line<Q, A> {
    waiting: Mutex<mpsc::Receiver<Waiting<Q, A>>>,
    /// Questions of the statements that run.
    running: AtomicUsize,
    /// How many were open, waiting or running, as the latest statements began; one number for each that runs at one time.
    open: std::sync::Mutex<VecDeque<usize>>,
    batches: Batches,
}

impl<Q, A> Line<Q, A> {
    /// Takes the questions of the next statement into `batch`; none of them when there will be no more.
    async fn take(&self, batch: &mut Vec<Waiting<Q, A>>) {
        let most = self.batches.most;
        let mut waiting = self.waiting.lock().await;
        waiting.recv_many(batch, most).await;
        let share = self.batches.share(&self.open());
        if batch.len() < share {
            let come = async {
                while batch.len() < share && waiting.recv_many(batch, most - batch.len()).await > 0 {}
            };
            // Who does not ask again is soon out of the latest statements, and waited for no longer.
            tokio::time::timeout(PATIENCE, come).await.ok();
        }
        let running = self.running.fetch_add(batch.len(), Ordering::Relaxed);
        let mut open = self.open();
        open.push_back(running + batch.len() + waiting.len());
        if open.len() > self.batches.at_once {
            open.pop_front();
        }
    }

    fn open(&self) -> MutexGuard<'_, VecDeque<usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn work<Q, A, F, D>(line: Arc<Line<Q, A>>, answer: F)
where
    F: Fn(Arc<Vec<Q>>) -> D,
    D: Future<Output = Result<Vec<A>, StorageError>>,
{
    let mut batch = Vec::with_capacity(line.batches.most);
    let mut parts = Vec::new();
    loop {
        line.take(&mut batch).await;
        if batch.is_empty() {
            return;
        }
        parts.push(batch.drain(..).unzip());
        while let Some((questions, replies)) = parts.pop() {
            let (questions, replies): (Vec<Q>, Vec<Reply<A>>) = (questions, replies);
            let asked = questions.len();
            let questions = Arc::new(questions);
            let answers = answer(Arc::clone(&questions)).await;
            if asked > 1
                && matches!(&answers, Err(error) if error.may_be_of_one())
                && let Some(questions) = Arc::into_inner(questions)
            {
                let (first, second) = halves(questions, replies);
                parts.extend([second, first]);
                continue;
            }
            line.running.fetch_sub(asked, Ordering::Relaxed);
            reply(replies, answers);
        }
    }
}

/// Who went away meanwhile takes no answer; the others get theirs.
fn reply<A>(replies: Vec<Reply<A>>, answers: Result<Vec<A>, StorageError>) {
    match answers {
        Ok(answers) => {
            for (reply, answer) in replies.into_iter().zip(answers) {
                reply.send(Ok(answer)).ok();
            }
        }
        Err(error) => {
            for reply in replies {
                reply.send(Err(error.clone())).ok();
            }
        }
    }
}

/// Questions with those who wait for their answers.
type Part<Q, A> = (Vec<Q>, Vec<Reply<A>>);

fn halves<Q, A>(mut questions: Vec<Q>, mut replies: Vec<Reply<A>>) -> (Part<Q, A>, Part<Q, A>) {
    let middle = questions.len() / 2;
    let second = (questions.split_off(middle), replies.split_off(middle));
    ((questions, replies), second)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Doubles numbers, and tells how many it was given at once; fails for a batch with 13, and is refused one with 26.
    async fn double(numbers: Arc<Vec<u32>>) -> Result<Vec<(u32, usize)>, StorageError> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if numbers.contains(&13) {
            return Err(StorageError::Unavailable("13".into()));
        }
        if numbers.contains(&26) {
            return Err(StorageError::Internal("26".into()));
        }
        let together = numbers.len();
        Ok(numbers.iter().map(|number| (number * 2, together)).collect())
    }

    const ONE_BY_ONE: Batches = Batches { at_once: 1, most: 4 };

    #[tokio::test]
    async fn what_waits_is_asked_together_and_each_gets_its_own_answer() {
        let doubling = Together::start(ONE_BY_ONE, double);
        let asked = (0..9).map(|number| doubling.ask(number));
        let answers = futures::future::join_all(asked).await;
        let mut sizes = Vec::new();
        for (number, answer) in (0_u32..).zip(answers) {
            let (doubled, together) = answer.unwrap();
            assert_eq!(doubled, number * 2);
            sizes.push(together);
        }
        assert_eq!(sizes.iter().max(), Some(&4), "{sizes:?}");
        assert_eq!(doubling.waiting(), 0);
    }

    #[test]
    fn statements_that_overlap_share_what_is_asked_when_it_is_much() {
        let share = |at_once, open: &[usize]| {
            let batches = Batches { at_once, most: 16 };
            batches.share(&open.iter().copied().collect())
        };
        assert_eq!(share(2, &[]), 1);
        assert_eq!(share(2, &[1, 3]), 1);
        assert_eq!(share(2, &[7, 8]), 4);
        assert_eq!(share(2, &[5, 1]), 3);
        assert_eq!(share(2, &[40, 50]), 16);
        assert_eq!(share(1, &[8]), 1);
    }

    #[tokio::test]
    async fn who_asks_alone_after_many_is_answered() {
        let batches = Batches { at_once: 2, most: 4 };
        let doubling = Together::start(batches, double);
        for number in [8, 5, 1, 1] {
            let asked = (0..number).map(|number| doubling.ask(number));
            for (number, answer) in (0_u32..).zip(futures::future::join_all(asked).await) {
                assert_eq!(answer.unwrap().0, number * 2);
            }
        }
    }

    #[tokio::test]
    async fn a_failure_is_told_to_all_who_were_part_of_it_and_to_nobody_else() {
        let doubling = Together::start(ONE_BY_ONE, double);
        let (a, b) = tokio::join!(doubling.ask(13), async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            doubling.ask(1).await
        });
        assert!(matches!(a, Err(StorageError::Unavailable(_))));
        assert_eq!(b.unwrap(), (2, 1));
    }
    #[tokio::test]
    async fn what_is_refused_for_one_is_asked_again_for_the_others() {
        let doubling = Together::start(ONE_BY_ONE, double);
        let asked = [1, 2, 26, 3, 4, 5, 26, 26, 6].map(|number| doubling.ask(number));
        for (number, answer) in [1, 2, 26, 3, 4, 5, 26, 26, 6]
            .into_iter()
            .zip(futures::future::join_all(asked).await)
        {
            match answer {
                Ok((doubled, _)) => assert_eq!(doubled, number * 2),
                Err(error) => assert!(
                    number == 26 && matches!(error, StorageError::Internal(_)),
                    "{number}: {error}"
                ),
            }
        }
    }

    #[tokio::test]
    async fn what_fails_for_all_is_not_asked_again() {
        let asked_for = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked_for);
        let failing = Together::start(ONE_BY_ONE, move |numbers: Arc<Vec<u32>>| {
            counted.fetch_add(numbers.len(), Ordering::Relaxed);
            async { Err::<Vec<()>, _>(StorageError::Unavailable("no database".into())) }
        });
        let answers = futures::future::join_all((0..9).map(|number| failing.ask(number))).await;
        assert!(answers.iter().all(Result::is_err));
        assert_eq!(asked_for.load(Ordering::Relaxed), 9);
    }
}
