//! A ledger of our own over many mixed requests, while the server is killed again and again: it agrees with the audit trail
//! row by row. What was answered has the rows that the answer tells; what was never answered has all of its rows or none; and
//! every stored version is named by one row.

mod request;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use self::request::{Answer, Planned, planned};
use super::fixture::Database;
use super::process::Server;

/// Who asks at the same time, and how much each.
const CLIENTS: usize = 6;
const REQUESTS: usize = 84;
/// How often the server is killed, and after how many answers each time.
const KILLS: usize = 4;
const ANSWERS_BETWEEN: usize = 90;

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

/// Sends one client's requests one after the other, each to the server that runs then.
async fn ask(
    client: usize,
    base: watch::Receiver<String>,
    answered: Arc<watch::Sender<usize>>,
) -> Vec<Asked> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap();
    let mut ledger = Vec::with_capacity(REQUESTS);
    for number in 0..REQUESTS {
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
            ledger.push(Asked { id, planned, outcome });
            if was_sent {
                answered.send_modify(|answered| *answered += 1);
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
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
    let database = Database::start();
    let mut server = serve(&database);
    let url = |address| format!("http://{address}");
    let (now, base) = watch::channel(url(server.address("fhir").await));
    let (answered, mut answers) = watch::channel(0);
    let answered = Arc::new(answered);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| tokio::spawn(ask(client, base.clone(), Arc::clone(&answered))))
        .collect();
    drop(answered);
    for kill in 1..=KILLS {
        answers
            .wait_for(|answers| *answers >= kill * ANSWERS_BETWEEN)
            .await
            .unwrap();
        // Dropping it is SIGKILL, in the middle of what others have just sent.
        drop(server);
        server = serve(&database);
        now.send(url(server.address("fhir").await)).unwrap();
    }
    let mut ledger = Vec::new();
    for client in clients {
        ledger.extend(client.await.unwrap());
    }
    drop(server);
    let trail = trail(&database);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for asked in &ledger {
        let rows = trail.get(&asked.id).cloned().unwrap_or_default();
        let kind = match &asked.outcome {
            Outcome::NotSent => {
                assert_eq!(rows, [""; 0], "{}: nobody took it", asked.id);
                "not sent"
            }
            Outcome::Broken => {
                let is_whole = rows.len() == asked.planned.rows();
                let is_refused = rows == ["transaction 409"];
                assert!(
                    rows.is_empty() || is_whole || is_refused || asked.planned.is_batch(),
                    "{}: all of its rows or none: {rows:?}",
                    asked.id
                );
                "broken"
            }
            Outcome::Answered(answer) => {
                let mut expected = asked.planned.expected(answer);
                expected.sort();
                assert_eq!(rows, expected, "{}: {answer:?}", asked.id);
                "answered"
            }
        };
        *kinds.entry(kind).or_default() += 1;
    }
    assert!(trail.keys().all(|id| ledger.iter().any(|asked| asked.id == *id)));
    assert!(kinds["answered"] > KILLS * ANSWERS_BETWEEN / 2, "{kinds:?}");
    println!("{kinds:?}, {} rows", trail.values().map(Vec::len).sum::<usize>());
    versions_have_their_rows(&database);
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
