//! A ledger of our own over many mixed requests, while the server is killed again and again, and its connections to the
//! database: it agrees with the audit trail row by row. What was answered has the rows that the answer tells; what was never
//! answered, or with 503, has all of its rows or none; and every stored version is named by one row.
//!
//! `BRAZIER_LEDGER_REQUESTS=20000 cargo test --release … a_ledger_of_our_own -- --nocapture` asks so many times, kills all of
//! PostgreSQL, too, and prints what came of it.

mod request;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use self::request::{Answer, Planned, planned};
use super::fixture::Database;
use super::process::Server;

/// Who asks at the same time.
const CLIENTS: usize = 6;
/// How often they ask, all together, unless the environment says it.
const REQUESTS: usize = 504;
/// After how many answers something is killed.
const ANSWERS_BETWEEN: usize = 90;
/// What a client waits for when nobody is there.
const PAUSE: Duration = Duration::from_millis(100);

/// What is killed.
#[derive(Debug, Clone, Copy)]
enum Blow {
    /// The server, in the middle of what it does.
    Server,
    /// Its sessions in the database.
    Sessions,
    /// All of PostgreSQL.
    Database,
}

/// What strikes in turn, in CI and in the long form.
const BLOWS: [Blow; 2] = [Blow::Server, Blow::Sessions];
const ALL_BLOWS: [Blow; 3] = [Blow::Server, Blow::Sessions, Blow::Database];

/// How a request ended whose client was told that the server could not, and that has no row.
const UNRECORDED: &str = "unavailable, not recorded";

/// What came of a request.
enum Outcome {
    /// Nobody took it.
    NotSent,
    /// The connection broke before its answer came.
    Broken,
    Answered(Answer),
}

struct Asked {
    id: String,
    planned: Planned,
    outcome: Outcome,
}

fn serve(database: &Database) -> Server {
    Server::start(&[
        "serve",
        "--database-url",
        &database.url(),
        "--no-authentication",
        "--http",
        "127.0.0.1:0",
    ])
}

/// Strikes; the server that runs afterwards.
fn strike(blow: Blow, database: &Database, server: Server) -> Server {
    match blow {
        Blow::Server => {
            // Dropping it is SIGKILL.
            drop(server);
            return serve(database);
        }
        Blow::Sessions => {
            database.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE application_name = 'brazier-server' AND datname = current_database()",
            );
        }
        Blow::Database => database.crash(),
    }
    server
}

/// Sends one client's requests one after the other, each to the server that runs then.
async fn ask(
    client: usize,
    requests: usize,
    base: watch::Receiver<String>,
    answered: Arc<watch::Sender<usize>>,
) -> Vec<Asked> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap();
    let mut ledger = Vec::with_capacity(requests);
    for number in 0..requests {
        // What nobody took is sent again, under another id.
        for attempt in 0.. {
            let id = format!("{client}-{number}-{attempt}");
            let planned = planned(client, number);
            let url = base.borrow().clone();
            let outcome = match planned.send(&http, &url, &id).await {
                Ok(answer) => Outcome::Answered(answer),
                Err(error) if error.is_connect() => Outcome::NotSent,
                Err(_broken) => Outcome::Broken,
            };
            let was_sent = !matches!(outcome, Outcome::NotSent);
            let is_served = matches!(&outcome, Outcome::Answered(answer) if !answer.is_unavailable());
            ledger.push(Asked { id, planned, outcome });
            if was_sent {
                answered.send_modify(|answered| *answered += 1);
            }
            if !is_served {
                tokio::time::sleep(PAUSE).await;
            }
            if was_sent {
                break;
            }
        }
    }
    ledger
}

/// The rows of the trail, by the client's id of the request.
fn trail(database: &Database) -> HashMap<String, Vec<String>> {
    let rows = database.query(
        "SELECT client_request_id || ' ' || concat_ws(' ', interaction,
             resource_type || coalesce('/' || resource_id, ''), 'v' || version, status, 'x' || nullif(resources, 0),
             (SELECT '=' || string_agg(given.resource_id || ':' || given.version, ','
                  ORDER BY given.resource_id COLLATE \"C\", given.version)
              FROM fhir.given_out AS given WHERE given.access_record = record.access_record))
         FROM fhir.access_record AS record WHERE client_request_id IS NOT NULL",
    );
    let mut trail: HashMap<String, Vec<String>> = HashMap::new();
    for row in rows.lines() {
        let (id, row) = row.split_once(' ').unwrap();
        trail.entry(id.to_owned()).or_default().push(row.to_owned());
    }
    trail.values_mut().for_each(|rows| rows.sort());
    trail
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_of_our_own_agrees_with_the_audit_trail() {
    brazier_service::trust::install_crypto_provider();
    let wanted = std::env::var("BRAZIER_LEDGER_REQUESTS").ok();
    let requests = wanted.as_ref().map_or(REQUESTS, |wanted| wanted.parse().unwrap());
    let (database, blows) = match wanted {
        None => (Database::start(), BLOWS.to_vec()),
        Some(_) => (Database::start_alone(), ALL_BLOWS.to_vec()),
    };
    let mut server = serve(&database);
    let url = |address| format!("http://{address}");
    let (now, base) = watch::channel(url(server.address("fhir").await));
    let (answered, mut answers) = watch::channel(0);
    let answered = Arc::new(answered);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let asking = ask(client, requests / CLIENTS, base.clone(), Arc::clone(&answered));
            tokio::spawn(asking)
        })
        .collect();
    drop(answered);
    // The last ones come to their end undisturbed.
    let times = (requests / ANSWERS_BETWEEN).saturating_sub(1);
    for (number, blow) in (1..=times).zip(blows.iter().cycle()) {
        answers
            .wait_for(|answers| *answers >= number * ANSWERS_BETWEEN)
            .await
            .unwrap();
        server = strike(*blow, &database, server);
        now.send(url(server.address("fhir").await)).unwrap();
    }
    let mut ledger = Vec::new();
    for client in clients {
        ledger.extend(client.await.unwrap());
    }
    drop(server);
    let trail = trail(&database);
    let kinds = compared(&ledger, &trail);
    assert!(kinds["answered"] > requests / 2, "{kinds:?}");
    // As long as there is a database, there is a trail.
    let may_be_missing = blows.iter().any(|blow| matches!(blow, Blow::Database));
    assert!(may_be_missing || !kinds.contains_key(UNRECORDED), "{kinds:?}");
    println!("{kinds:?}, {} rows", trail.values().map(Vec::len).sum::<usize>());
    versions_have_their_rows(&database);
}

/// Compares each request with its rows, and counts how requests ended.
fn compared(ledger: &[Asked], trail: &HashMap<String, Vec<String>>) -> BTreeMap<&'static str, usize> {
    let mut kinds = BTreeMap::new();
    for asked in ledger {
        let rows = trail.get(&asked.id).cloned().unwrap_or_default();
        let kind = match &asked.outcome {
            Outcome::NotSent => {
                assert_eq!(rows, [""; 0], "{}: nobody took it", asked.id);
                "not sent"
            }
            Outcome::Broken => {
                let planned = &asked.planned;
                assert!(planned.may_leave(&rows), "{}: {planned:?}: {rows:?}", asked.id);
                "broken"
            }
            Outcome::Answered(answer) => {
                let missing = asked.planned.differences(answer, &rows);
                assert!(
                    missing.is_empty(),
                    "{}: {missing}\n{answer:?}\n{rows:?}",
                    asked.id
                );
                match answer.is_unavailable() {
                    false => "answered",
                    true if rows.is_empty() => UNRECORDED,
                    true => "unavailable",
                }
            }
        };
        *kinds.entry(kind).or_default() += 1;
    }
    let asked: HashSet<&str> = ledger.iter().map(|asked| asked.id.as_str()).collect();
    assert!(trail.keys().all(|id| asked.contains(id.as_str())));
    kinds
}

/// Every stored version is named by one row of a write, and every such row names a stored version.
fn versions_have_their_rows(database: &Database) {
    let differences = database.query(
        "WITH stored AS (
             SELECT name, id, version FROM (
                 SELECT resource_type, id, version FROM fhir.resource
                 UNION ALL SELECT resource_type, id, version FROM fhir.resource_history) AS version
             JOIN fhir.resource_type AS type ON type.number = version.resource_type),
         made AS (
             SELECT resource_type AS name, resource_id AS id, version FROM fhir.access_record
             WHERE status < 300 AND version IS NOT NULL AND
                 (interaction IN ('update', 'patch', 'delete') OR interaction = 'create' AND status = 201))
         (SELECT 'stored', * FROM stored EXCEPT ALL SELECT 'stored', * FROM made)
         UNION ALL (SELECT 'made', * FROM made EXCEPT ALL SELECT 'made', * FROM stored)",
    );
    assert_eq!(differences, "");
    let stored = database.query("SELECT count(*) > 100 FROM fhir.resource");
    assert_eq!(stored, "t");
}
