//! Memory that requests take: counted before it is taken, for all requests together, for each principal and for each request.
//! What does not fit is refused, so that no request and no crowd of them takes the memory of the others.
//!
//! Two accounts. What a request *holds*, from its first byte to its last (its body, what it reads of the database, its answer
//! until the client has it), is refused at once when there is no room: those who hold much may wait for their clients. What it
//! *works with* while it is carried out (the body as a tree, its index, what is sent to the database) is taken all at once, by one
//! after the other, and given back before the answer is sent.
//!
//! Whoever takes memory counts it for the request whose task it is, [`Spending::current`]: from the body to storage.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The memory of a server that is not told how much it has, and has no limit.
pub const MEMORY: usize = 512 << 20;
/// The least memory that can be shared out: with less, no request of the usual size would be carried out.
pub const LEAST: usize = 256 << 20;
/// Bytes of a body at most, however much memory there is: the database has to take at once what is made of it.
const LARGEST_BODY: usize = 64 << 20;

/// What a request that has just come holds: itself.
const REQUEST: usize = 16 << 10;
/// A request that holds no more than this has room which larger ones cannot take.
const SMALL: usize = 256 << 10;
/// Work with no more than this is part of what the request holds, and waits for nobody.
const SMALL_WORK: usize = 512 << 10;
/// Bytes that the work of requests is counted in.
const UNIT: usize = 1 << 10;
/// How long a request waits for others to give back what it needs.
const PATIENCE: Duration = Duration::from_secs(45);
/// The pause between two attempts to hold what others hold.
const PAUSE: Duration = Duration::from_millis(50);
/// How many requests of one principal may wait.
const WAITING: usize = 32;
/// How many bodies are unpacked at one time. It takes the processor as long as it lasts.
const UNPACKED_AT_ONCE: usize = 2;
/// Principals are told apart by so many numbers; those that have one number share.
const SHARES: usize = 1024;

/// Bytes that a body may have where there is so much `memory`. Whether it can be carried out depends on what it consists of.
pub fn largest_body(memory: usize) -> usize {
    (memory / 8).min(LARGEST_BODY)
}

/// Why there is no memory for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BudgetError {
    /// Others have it.
    #[error(
        "the server has no memory left for this request at the moment; try again later, or ask for less at once"
    )]
    Busy,
    /// There is never so much.
    #[error(
        "this request needs more memory than the server gives to one; send it in parts, or ask for less at once, as with _count"
    )]
    TooMuch,
}

/// What the requests of a principal do.
#[derive(Debug, Default)]
struct Share {
    held: AtomicUsize,
    waiting: AtomicUsize,
}

/// The memory that the requests of a server may take.
#[derive(Debug)]
pub struct Budget {
    /// What requests may hold; small ones may hold `reserve` more.
    capacity: usize,
    reserve: usize,
    held: AtomicUsize,
    shares: Vec<Share>,
    hasher: RandomState,
    /// In units, as all of `work`.
    work_capacity: usize,
    work: Arc<Semaphore>,
    unpacking: Arc<Semaphore>,
}

impl Budget {
    /// The budget of a process that may have `memory` bytes.
    pub fn of(memory: usize) -> Arc<Budget> {
        let sixteenth = memory / 16;
        let work_capacity = (sixteenth * 7 / UNIT).min(Semaphore::MAX_PERMITS);
        Arc::new(Budget {
            capacity: sixteenth * 4,
            reserve: sixteenth,
            held: AtomicUsize::new(0),
            shares: (0..SHARES).map(|_| Share::default()).collect(),
            hasher: RandomState::new(),
            work_capacity,
            work: Arc::new(Semaphore::new(work_capacity)),
            unpacking: Arc::new(Semaphore::new(UNPACKED_AT_ONCE)),
        })
    }

    /// Begins to count for a request of the principal called `principal`.
    ///
    /// # Errors
    /// When there is no room for another request.
    pub fn open(self: &Arc<Self>, principal: &str) -> Result<Spending, BudgetError> {
        let spending = self.count(principal);
        spending.hold(REQUEST)?;
        Ok(spending)
    }

    /// Counts for a request that is not to be refused for itself.
    pub fn count(self: &Arc<Self>, principal: &str) -> Spending {
        let number = self.hasher.hash_one(principal);
        let share = usize::try_from(number % SHARES as u64).unwrap_or_default();
        Spending(Some(Arc::new(Account {
            budget: Arc::clone(self),
            share,
            held: AtomicUsize::new(0),
            working: Mutex::default(),
        })))
    }

    /// How many bytes all requests hold.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// The most that one principal may hold of `limit`.
    fn share_of(limit: usize) -> usize {
        limit / 4 * 3
    }
}

tokio::task_local! {
    static CURRENT: Spending;
}

/// What one request holds and works with. Clones count together; all is given back with the last of them.
#[derive(Debug, Clone, Default)]
pub struct Spending(Option<Arc<Account>>);

#[derive(Debug)]
struct Account {
    budget: Arc<Budget>,
    share: usize,
    held: AtomicUsize,
    working: Mutex<Working>,
}

/// What a request works with now.
#[derive(Debug, Default)]
struct Working {
    /// As part of what it holds.
    held: usize,
    permits: Vec<OwnedSemaphorePermit>,
}

impl Spending {
    /// That of the request whose task this is; outside of requests nothing is counted.
    pub fn current() -> Spending {
        CURRENT.try_with(Spending::clone).unwrap_or_default()
    }

    /// Lets `request` count for this.
    pub fn of<F: Future>(self, request: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, request)
    }

    /// Takes `bytes` before they are used.
    ///
    /// # Errors
    /// When they are too many for this request, its principal, or all requests together; then none are taken.
    pub fn hold(&self, bytes: usize) -> Result<(), BudgetError> {
        self.0.as_ref().map_or(Ok(()), |account| account.hold(bytes))
    }

    /// As [`hold`](Self::hold), and waits until there is room. Whoever waits should hold nothing, lest all wait for each other.
    ///
    /// # Errors
    /// When it is too much, too many wait already, or it does not become free in time.
    pub async fn hold_soon(&self, bytes: usize) -> Result<(), BudgetError> {
        let Err(error) = self.hold(bytes) else {
            return Ok(());
        };
        let Some(account) = self.0.as_ref().filter(|_| error == BudgetError::Busy) else {
            return Err(error);
        };
        let _waiting = account.wait()?;
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            tokio::time::sleep(PAUSE).await;
            if self.hold(bytes).is_ok() {
                return Ok(());
            }
        }
        Err(BudgetError::Busy)
    }

    /// Gives back what is used no longer.
    pub fn release(&self, bytes: usize) {
        if let Some(account) = &self.0 {
            account.release(bytes);
        }
    }

    /// Takes `bytes` to work with until [`end_work`](Self::end_work), when those who came before have done their work.
    ///
    /// # Errors
    /// When they are more than there ever are, or do not become free in time.
    pub async fn work(&self, bytes: usize) -> Result<(), BudgetError> {
        let Some(account) = &self.0 else {
            return Ok(());
        };
        if bytes <= SMALL_WORK {
            account.hold(bytes)?;
            account.working().held += bytes;
            return Ok(());
        }
        let budget = &account.budget;
        let units = bytes.div_ceil(UNIT);
        if units > budget.work_capacity {
            return Err(BudgetError::TooMuch);
        }
        let units = u32::try_from(units).map_err(|_range| BudgetError::TooMuch)?;
        let _waiting = account.wait()?;
        let permits = Arc::clone(&budget.work).acquire_many_owned(units);
        match tokio::time::timeout(PATIENCE, permits).await {
            Ok(Ok(permits)) => {
                account.working().permits.push(permits);
                Ok(())
            }
            _ => Err(BudgetError::Busy),
        }
    }

    /// Waits until a body may be unpacked; that is done when the answer is dropped. So neither the processor nor what each
    /// needs beside what is unpacked goes to those who send many at one time.
    ///
    /// # Errors
    /// When too many wait already, or those before take too long.
    pub async fn turn_to_unpack(&self) -> Result<Option<OwnedSemaphorePermit>, BudgetError> {
        let Some(account) = &self.0 else {
            return Ok(None);
        };
        let _waiting = account.wait()?;
        let turn = Arc::clone(&account.budget.unpacking).acquire_owned();
        match tokio::time::timeout(PATIENCE, turn).await {
            Ok(Ok(turn)) => Ok(Some(turn)),
            _ => Err(BudgetError::Busy),
        }
    }

    /// Gives back what was worked with: the answer is made.
    pub fn end_work(&self) {
        if let Some(account) = &self.0 {
            let done = std::mem::take(&mut *account.working());
            account.release(done.held);
        }
    }
}

/// A request that waits; it does not any more when dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Account {
    /// Begins to wait, unless too many requests of this principal do.
    fn wait(&self) -> Result<Waiting<'_>, BudgetError> {
        let waiting = &self.budget.shares[self.share].waiting;
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        let waits = Waiting(waiting);
        if before < WAITING {
            Ok(waits)
        } else {
            Err(BudgetError::Busy)
        }
    }

    fn hold(&self, bytes: usize) -> Result<(), BudgetError> {
        let Budget {
            capacity,
            reserve,
            held,
            shares,
            ..
        } = &*self.budget;
        let own = self
            .held
            .fetch_add(bytes, Ordering::Relaxed)
            .saturating_add(bytes);
        let limit = if own <= SMALL {
            capacity + reserve
        } else {
            *capacity
        };
        let all = held.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let share = shares[self.share]
            .held
            .fetch_add(bytes, Ordering::Relaxed)
            .saturating_add(bytes);
        if all <= limit && share <= Budget::share_of(limit) {
            return Ok(());
        }
        self.release(bytes);
        if own > Budget::share_of(*capacity) {
            Err(BudgetError::TooMuch)
        } else {
            Err(BudgetError::Busy)
        }
    }

    fn release(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
        self.give_back(bytes);
    }

    fn working(&self) -> MutexGuard<'_, Working> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_back(&self, bytes: usize) {
        self.budget.held.fetch_sub(bytes, Ordering::Relaxed);
        self.budget.shares[self.share]
            .held
            .fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let held = *self.held.get_mut();
        self.give_back(held);
    }
}

#[cfg(test)]
mod tests;
