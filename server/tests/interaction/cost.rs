//! What searches cost: work in the database, counted in pages of tables and indexes that were looked at, which does not hang on the
//! machine. `BRAZIER_COST_WORLDS=7000 cargo test --release … what_a_search_costs -- --nocapture` tries every shape on 100,000
//! resources and prints the most costly ones with their times.

mod shapes;
mod worlds;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::shapes::Matches;
use crate::fixture::{Database, Response, Server};

/// Worlds of the short form.
const WORLDS: usize = 1500;

/// How often a search is asked. A prepared statement has its last plan from the seventh time on.
const TIMES: usize = 9;

/// How many times the median a search may cost without a reason.
const LIMIT: u64 = 50;

/// The pages that a search looks at while it does no more than find its way in indexes: less is not told apart.
const LEAST: u64 = 40;

/// Searches that may cost more, by what is in them, and why.
const REASONS: &[(&str, &str)] = &[
    (
        ":missing=true",
        "no index has what is not there; every resource of the type is tested",
    ),
    (
        ":not=",
        "no index has what is something else; every resource of the type is tested",
    ),
    (
        ":contains=",
        "texts are indexed from their beginning; every text of the parameter is read",
    ),
    (
        "||mg",
        "quantities are indexed by number, not by unit; every number of the range is read",
    ),
];

/// As [`REASONS`], by how a search begins.
const REASONS_OF_BEGINNINGS: &[(&str, &str)] = &[
    (
        "Observation?device:missing=false&code=8867-4",
        "each is met by half of the Observations and none by both; those of one are all tested",
    ),
    (
        "Observation?component-code-value-quantity=8480-6$ge120&code=8867-4",
        "each is met by half of the Observations and none by both; those of the range are all tested",
    ),
    (
        "Observation?device.patient:Patient.gender=female&code=8867-4",
        "each is met by half of the Observations and none by both; those of one are all tested",
    ),
    (
        "Observation?device.patient:Patient.gender=female&_",
        "two chains lead to each of what is counted or sorted, all of it",
    ),
    (
        "Observation?subject:Patient.organization.active=true&_sort=date,_id",
        "two chains lead to each of what is sorted, all of it",
    ),
    (
        "Patient?_has:Observation:subject:code=8867-4",
        "ten sources are gathered for each resource that would be tested otherwise",
    ),
];

/// Pages for each match of a search that counts or sorts all of them.
const OF_A_MATCH: u64 = 10;

/// Pages of tables and indexes that searches of resources looked at.
const LOOKED_AT: &str =
    "SELECT coalesce(sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0)), 0)::bigint
     FROM pg_statio_user_tables
     WHERE relname IN ('resource', 'token', 'string', 'reference', 'date', 'number', 'quantity', 'uri', 'composite')";

/// What a search costs.
struct Cost {
    search: String,
    /// Pages, each time.
    pages: u64,
    /// Pages that it may look at in any case, since it counts or sorts all that it finds.
    granted: u64,
    slowest: Duration,
}

/// How many pages were looked at up to now.
fn pages(database: &Database) -> u64 {
    // Sessions tell what they did when they end.
    let begun = Instant::now();
    let open = "SELECT count(*) FROM pg_stat_activity
         WHERE application_name = 'brazier-server' AND datname = current_database()";
    while database.query(open) != "0" {
        assert!(begun.elapsed() < Duration::from_secs(30), "sessions do not end");
        std::thread::sleep(Duration::from_millis(5));
    }
    database.query(LOOKED_AT).parse().unwrap()
}

async fn cost(database: &Arc<Database>, search: String, matches: Matches, worlds: usize) -> Cost {
    let before = pages(database);
    let server = Server::on(Arc::clone(database)).await;
    let mut slowest = Duration::ZERO;
    for _ in 0..TIMES {
        let begun = Instant::now();
        let answer = server.get(&format!("/{search}")).await;
        slowest = slowest.max(begun.elapsed());
        assert_eq!(answer.status, 200, "{search}: {}", answer.text);
        check(&search, &answer, matches, worlds);
    }
    drop(server);
    let looks_at_all = ["_summary=count", "_total=", "_sort="];
    let looks_at_all = looks_at_all.iter().any(|way| search.contains(way));
    let found = match matches {
        _ if !looks_at_all => 0,
        Matches::Few(number) => number,
        Matches::InEachWorld(number) => number * worlds,
        Matches::Some => 2 * worlds,
    };
    Cost {
        search,
        granted: OF_A_MATCH * found as u64,
        pages: (pages(database) - before) / TIMES as u64,
        slowest,
    }
}

fn check(search: &str, answer: &Response, matches: Matches, worlds: usize) {
    let expected = match matches {
        Matches::Few(number) => number,
        Matches::InEachWorld(number) => number * worlds,
        Matches::Some => return,
    };
    let total = answer.at("total");
    let found = answer.text.matches(r#""mode":"match""#).count();
    match search.contains("_summary=count") || search.contains("_total=accurate") {
        true => assert_eq!(total, expected.to_string(), "{search}"),
        false => assert_eq!(found, expected.min(20), "{search}: {}", answer.text),
    }
}

fn judge(mut costs: Vec<Cost>, is_long: bool) {
    costs.sort_by_key(|cost| cost.pages);
    let median = costs[costs.len() / 2].pages.max(LEAST);
    let reason = |cost: &Cost| {
        let of_search = REASONS_OF_BEGINNINGS
            .iter()
            .find(|(start, _)| cost.search.starts_with(start));
        let of_part = || REASONS.iter().find(|(part, _)| cost.search.contains(part));
        let reason = of_search.or_else(of_part);
        reason.map(|(_, reason)| *reason)
    };
    let costly = costs
        .iter()
        .rev()
        .filter(|cost| cost.pages > LIMIT * median + cost.granted);
    let told: Vec<String> = costly
        .map(|cost| {
            let Cost {
                search,
                pages,
                slowest,
                granted: _,
            } = cost;
            let times = pages / median;
            let reason = reason(cost).unwrap_or("WITHOUT A REASON");
            format!(
                "{times:>6} times the median, {:>8.1} ms, {search}: {reason}",
                slowest.as_secs_f64() * 1e3
            )
        })
        .collect();
    if is_long {
        println!(
            "{} searches, {median} pages in the median\n{}",
            costs.len(),
            told.join("\n")
        );
    }
    let without = told.iter().filter(|line| line.contains("WITHOUT A REASON"));
    let without: Vec<&str> = without.map(String::as_str).collect();
    assert!(
        without.is_empty(),
        "{median} pages in the median;\n{}",
        without.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_search_costs() {
    let worlds = std::env::var("BRAZIER_COST_WORLDS").map_or(WORLDS, |worlds| worlds.parse().unwrap());
    let is_long = worlds > WORLDS;
    let database = worlds::filled(worlds).await.database;
    let middle = worlds / 2;
    let mut costs = Vec::new();
    for (search, matches) in if is_long { shapes::all() } else { shapes::some() } {
        let search = search
            .replace("xNx", &format!("x{middle}x"))
            .replace("VALUE", &(60 + middle).to_string())
            .replace("DAY", "2020-01-01");
        costs.push(cost(&database, search, matches, worlds).await);
    }
    judge(costs, is_long);
}
