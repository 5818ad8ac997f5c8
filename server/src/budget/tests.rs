//! Who gets memory when others have it.

use super::*;

const MIB: usize = 1 << 20;

fn budget() -> Arc<Budget> {
    // 16 MiB to hold, 4 MiB more for the small, 28 MiB to work with.
    Budget::of(64 * MIB)
}

#[test]
fn one_principal_leaves_room_for_others_and_large_requests_for_small_ones() {
    let budget = budget();
    let greedy = budget.count("a");
    assert_eq!(greedy.hold(16 * MIB), Err(BudgetError::TooMuch));
    greedy.hold(10 * MIB).unwrap();
    let again = budget.count("a");
    assert_eq!(again.hold(6 * MIB), Err(BudgetError::Busy));
    let other = budget.count("b");
    other.hold(5 * MIB).unwrap();
    assert_eq!(budget.count("b").hold(2 * MIB), Err(BudgetError::Busy));
    let small = budget.open("b").unwrap();
    small.hold(64 << 10).unwrap();
    drop((greedy, again, other, small));
    assert_eq!(budget.held(), 0);
}

#[test]
fn clones_count_together_and_what_is_refused_is_not_counted() {
    let budget = budget();
    let spending = budget.open("a").unwrap();
    let clone = spending.clone();
    clone.hold(5 * MIB).unwrap();
    assert!(clone.hold(15 * MIB).is_err());
    clone.release(MIB);
    drop(spending);
    assert_eq!(budget.held(), 4 * MIB + REQUEST);
    drop(clone);
    assert_eq!(budget.held(), 0);
}

#[test]
fn requests_that_hold_nothing_but_themselves_are_bounded_too() {
    let budget = budget();
    let requests: Vec<Spending> = (0..10_000).map_while(|_| budget.open("a").ok()).collect();
    assert_eq!(requests.len(), 15 * MIB / REQUEST);
    assert!(budget.open("b").is_ok());
}

#[tokio::test]
async fn work_is_done_one_after_the_other_and_small_work_beside_it() {
    let budget = budget();
    let spending = budget.count("a");
    assert_eq!(spending.work(29 * MIB).await, Err(BudgetError::TooMuch));
    spending.work(20 * MIB).await.unwrap();
    let other = budget.count("b");
    other.work(100).await.unwrap();
    assert_eq!(budget.held(), 100);
    let waiting = tokio::spawn(async move { other.work(10 * MIB).await });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    spending.end_work();
    waiting.await.unwrap().unwrap();
    assert_eq!(budget.held(), 0);
}

#[tokio::test]
async fn who_waits_to_hold_gets_what_others_give_back_and_few_may_wait() {
    let budget = budget();
    let first = budget.count("a");
    first.hold(11 * MIB).unwrap();
    let waiting: Vec<_> = (0..=WAITING)
        .map(|_| {
            let next = budget.count("a");
            tokio::spawn(async move { next.hold_soon(2 * MIB).await })
        })
        .collect();
    tokio::time::sleep(PAUSE).await;
    let refused = waiting.iter().filter(|waiting| waiting.is_finished()).count();
    assert_eq!(refused, 1);
    drop(first);
    for (place, waiting) in waiting.into_iter().enumerate() {
        assert_eq!(waiting.await.unwrap().is_ok(), place < WAITING);
    }
    assert_eq!(
        budget.count("a").hold_soon(16 * MIB).await,
        Err(BudgetError::TooMuch)
    );
}

#[tokio::test]
async fn what_a_request_takes_is_counted_for_it() {
    let budget = budget();
    let spending = budget.count("a");
    Spending::current().hold(MIB).unwrap();
    assert_eq!(budget.held(), 0);
    let request = async { Spending::current().hold(MIB) };
    spending.clone().of(request).await.unwrap();
    assert_eq!(budget.held(), MIB);
}

#[tokio::test]
async fn bodies_are_unpacked_few_at_a_time_and_one_principal_does_not_wait_for_all_others() {
    let budget = budget();
    let mut turns = Vec::new();
    for _ in 0..UNPACKED_AT_ONCE {
        turns.push(budget.count("a").turn_to_unpack().await.unwrap());
    }
    let waiting: Vec<_> = (0..=WAITING)
        .map(|_| {
            let next = budget.count("a");
            tokio::spawn(async move { next.turn_to_unpack().await.map(drop) })
        })
        .collect();
    tokio::task::yield_now().await;
    let refused = waiting.iter().filter(|waiting| waiting.is_finished()).count();
    assert_eq!(refused, 1);
    let other = budget.count("b");
    let other = tokio::spawn(async move { other.turn_to_unpack().await.map(drop) });
    drop(turns);
    for (place, waiting) in waiting.into_iter().enumerate() {
        assert_eq!(waiting.await.unwrap().is_ok(), place < WAITING);
    }
    other.await.unwrap().unwrap();
}

#[test]
fn the_largest_body_is_a_share_of_little_memory_and_no_more_of_much() {
    assert_eq!(largest_body(LEAST), 32 * MIB);
    assert_eq!(largest_body(MEMORY), 64 * MIB);
    assert_eq!(largest_body(4096 * MIB), 64 * MIB);
}

#[tokio::test]
async fn with_the_least_memory_usual_requests_are_carried_out_and_with_much_more_at_one_time() {
    for (memory, at_one_time) in [(LEAST, 1), (4096 * MIB, 16)] {
        let budget = Budget::of(memory);
        // A page, as it comes and as it is made of the database's rows, and a Bundle of some MiB as it is worked with.
        let requests: Vec<Spending> = (0..at_one_time).map(|_| budget.count("a")).collect();
        for request in &requests {
            request.hold(4 * 4 * MIB).unwrap();
            request.work(60 * MIB).await.unwrap();
        }
    }
}
