//! What many requests ask of the database, done in one statement: what comes while it is busy goes to it together.
//! A single request does not wait for others.

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore, SemaphorePermit, mpsc, oneshot};

use crate::storage::StorageError;

/// Questions that may wait; those who come with more wait to be let in.
const QUEUE: usize = 4096;

type Waiting<Q, A> = (Q, oneshot::Sender<Result<A, StorageError>>);

/// How many questions make a statement, and how many statements there are at one time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Batches {
    /// Statements at one time.
    pub(super) at_once: usize,
    /// Questions that must wait for a statement to be sent while another one runs. A statement costs the same whether it
    /// asks for one thing or for a few, so small ones are not sent side by side.
    pub(super) enough: usize,
    /// Questions in one statement at most.
    pub(super) most: usize,
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
    /// the questions in their order, or fails for all of them.
    pub(super) fn start<F, D>(batches: Batches, answer: F) -> Self
    where
        F: Fn(Vec<Q>) -> D + Clone + Send + Sync + 'static,
        D: Future<Output = Result<Vec<A>, StorageError>> + Send + 'static,
    {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let line = Arc::new(Line {
            waiting: Mutex::new(waiting),
            alone: Semaphore::new(1),
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
    /// Those of the statement, whichever of its questions brought them about.
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

/// The questions that wait, and who may take them.
struct Line<Q, A> {
    waiting: Mutex<mpsc::Receiver<Waiting<Q, A>>>,
    /// Whoever has the permit may be content with few questions.
    alone: Semaphore,
    batches: Batches,
}

impl<Q, A> Line<Q, A> {
    /// Takes the questions of the next statement into `batch`; none of them when there will be no more. The permit is to
    /// be kept until they are answered.
    async fn take(&self, batch: &mut Vec<Waiting<Q, A>>) -> Option<SemaphorePermit<'_>> {
        let Batches { enough, most, .. } = self.batches;
        let mut waiting = self.waiting.lock().await;
        waiting.recv_many(batch, most).await;
        while batch.len() < enough {
            tokio::select! {
                biased;
                permit = self.alone.acquire() => return permit.ok(),
                more = waiting.recv_many(batch, most - batch.len()) => if more == 0 { break },
            }
        }
        None
    }
}

async fn work<Q, A, F, D>(line: Arc<Line<Q, A>>, answer: F)
where
    F: Fn(Vec<Q>) -> D,
    D: Future<Output = Result<Vec<A>, StorageError>>,
{
    let mut batch = Vec::with_capacity(line.batches.most);
    loop {
        let _alone = line.take(&mut batch).await;
        if batch.is_empty() {
            return;
        }
        let (questions, replies): (Vec<Q>, Vec<_>) = batch.drain(..).unzip();
        // Who went away meanwhile takes no answer; the others get theirs.
        match answer(questions).await {
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
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Doubles numbers, and tells how many it was given at once; fails for a batch with 13.
    async fn double(numbers: Vec<u32>) -> Result<Vec<(u32, usize)>, StorageError> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if numbers.contains(&13) {
            return Err(StorageError::Unavailable("13".into()));
        }
        let together = numbers.len();
        Ok(numbers.iter().map(|number| (number * 2, together)).collect())
    }

    const ONE_BY_ONE: Batches = Batches {
        at_once: 1,
        enough: 1,
        most: 4,
    };

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

    #[tokio::test]
    async fn a_second_statement_goes_beside_the_first_when_enough_wait_for_it() {
        let batches = Batches {
            at_once: 2,
            enough: 3,
            most: 4,
        };
        let doubling = Together::start(batches, double);
        let asked = (0..6).map(|number| {
            let doubling = &doubling;
            async move {
                // One comes, then three together, then two.
                tokio::time::sleep(Duration::from_millis([0, 5, 5, 5, 10, 10][number as usize])).await;
                doubling.ask(number).await.unwrap().1
            }
        });
        assert_eq!(futures::future::join_all(asked).await, [1, 3, 3, 3, 2, 2]);
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
}
