//! The whole way in: a token at the FHIR listener of the program, a policy pushed to it, and what the audit trail says.

use http::StatusCode;
use serde_json::{Value, json};

use super::certificates::{HOST, client};
use super::eventually::eventually;
use super::fixture::Database;
use super::process::{Server, Setting, run};
use super::signing::{service_account_claims, with};

const SERVICE: &str = "https://service.example";

/// A service over a database of its own, with nobody allowed in yet.
async fn serve(database: &Database) -> (Setting, Server) {
    let setting = Setting::new(&database.url());
    std::fs::write(&setting.access_file, policy("0", &[])).unwrap();
    let (code, said) = run(&["migrate", "--config", setting.config.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{said}");
    let server = setting.start();
    server.address("fhir").await;
    (setting, server)
}

fn policy(version: &str, assignments: &[Value]) -> String {
    json!({"version": version, "assignments": assignments}).to_string()
}

fn reporting(data_actions: &[&str]) -> Value {
    json!({
        "name": "reporting",
        "principals": [{"kind": "serviceAccount", "namespace": "team-a", "name": "reporting"}],
        "dataActions": data_actions,
    })
}

async fn push(setting: &Setting, server: &Server, document: String) {
    let address = server.address("admin").await;
    let identity = setting
        .admin_authority
        .issue(&setting.folder.join("operator"), &[], "brazier-operator");
    let operator = client(setting.authority.tls(&setting.folder, Some(&identity)), address);
    let url = format!("https://{HOST}:{}/access", address.port());
    let answer = operator.put(url).body(document).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

/// Asks as the bearer of `token`; the status and the challenge.
async fn get(setting: &Setting, server: &Server, path: &str, token: Option<&str>) -> (u16, Option<String>) {
    let address = server.address("fhir").await;
    let url = format!("https://{HOST}:{}{path}", address.port());
    let request = client(setting.authority.tls(&setting.folder, None), address).get(url);
    let request = token
        .into_iter()
        .fold(request, |request, token| request.bearer_auth(token));
    let answer = request.send().await.unwrap();
    let challenge = answer.headers().get("www-authenticate");
    (
        answer.status().as_u16(),
        challenge.map(|value| value.to_str().unwrap().to_owned()),
    )
}

#[tokio::test]
async fn a_token_opens_what_the_policy_allows_and_every_try_is_in_the_audit_trail() {
    let database = Database::start();
    let (setting, server) = serve(&database).await;
    let claims = service_account_claims(SERVICE, "team-a", "reporting");
    let good = setting.key.sign(&claims);
    let elsewhere = setting
        .key
        .sign(&with(&claims, "aud", json!("https://clinic.team-b.svc")));
    let ask = async |path: &str, token: Option<&str>| get(&setting, &server, path, token).await;

    assert_eq!(
        ask("/metadata", None).await.0,
        200,
        "anybody may ask what the service can do"
    );
    assert_eq!(ask("/Patient/a", None).await, (401, Some("Bearer".to_owned())));
    let (status, challenge) = ask("/Patient/a", Some(&elsewhere)).await;
    assert_eq!(status, 401);
    assert!(challenge.unwrap().contains("another service"));
    assert_eq!(ask("/Patient/a", Some(&good)).await, (403, None));

    push(&setting, &server, policy("1", &[reporting(&["read", "search"])])).await;
    assert_eq!(ask("/Patient/a", Some(&good)).await, (404, None));
    assert_eq!(ask("/Patient", Some(&good)).await, (200, None));
    assert_eq!(ask("/Patient/_history", Some(&good)).await, (403, None));

    push(&setting, &server, policy("2", &[])).await;
    assert_eq!(ask("/Patient/a", Some(&good)).await, (403, None));

    let trail = "SELECT string_agg(concat_ws(' ', agent, interaction, status), E'\n' ORDER BY recorded) \
         FROM fhir.access_record WHERE interaction <> 'access-policy'";
    // Of two refusals within a second, the other is recorded when the second is over.
    let trail = eventually(async || database.query(trail), |trail| trail.lines().count() == 7).await;
    let account = "system:serviceaccount:team-a:reporting";
    let expected = [
        "anonymous read 401".to_owned(),
        "anonymous read 401".to_owned(),
        format!("{account} read 403"),
        format!("{account} read 404"),
        format!("{account} search-type 200"),
        format!("{account} history-type 403"),
        format!("{account} read 403"),
    ];
    assert_eq!(trail.lines().collect::<Vec<_>>(), expected);
    let changes = database.query(
        "SELECT string_agg(concat_ws(' ', agent, status, reason), E'\n' ORDER BY access_record) \
         FROM fhir.access_record WHERE interaction = 'access-policy'",
    );
    let expected = [
        "system:access-file 200 version 0 is in force; before it: none",
        "system:operator 200 version 1 is in force; before it: version 0",
        "system:operator 200 version 2 is in force; before it: version 1",
    ];
    assert_eq!(changes.lines().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_flood_without_tokens_does_not_fill_the_trail() {
    let database = Database::start();
    let (setting, server) = serve(&database).await;
    let address = server.address("fhir").await;
    let path = format!("/Patient?name={}&access_token=eyJhbGciOi", "x".repeat(20_000));
    let url = format!("https://{HOST}:{}{path}", address.port());
    let stranger = client(setting.authority.tls(&setting.folder, None), address);
    let asked = (0..200).map(|_| stranger.get(&url).send());
    for answer in futures::future::join_all(asked).await {
        assert_eq!(answer.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    let refusals = "SELECT sum(requests) FROM fhir.access_record WHERE status = 401";
    eventually(async || database.query(refusals), |sum| sum.trim() == "200").await;
    let figures = database.query(
        "SELECT count(*) < 50, max(octet_length(r::text)) < 4096, bool_or(r::text LIKE '%eyJ%') \
         FROM fhir.access_record AS r",
    );
    assert_eq!(figures.trim(), "t|t|f");
}

#[tokio::test]
async fn sigterm_lets_a_request_that_waits_for_the_database_come_to_its_end() {
    let database = Database::start();
    let (setting, mut server) = serve(&database).await;
    push(
        &setting,
        &server,
        policy("1", &[reporting(&["create", "update"])]),
    )
    .await;
    let (mut lock, connection) = tokio_postgres::connect(&database.url(), tokio_postgres::NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let transaction = lock.transaction().await.unwrap();
    transaction
        .execute("LOCK TABLE fhir.resource IN ACCESS EXCLUSIVE MODE", &[])
        .await
        .unwrap();

    let address = server.address("fhir").await;
    let token = setting
        .key
        .sign(&service_account_claims(SERVICE, "team-a", "reporting"));
    let request = client(setting.authority.tls(&setting.folder, None), address)
        .put(format!("https://{HOST}:{}/Patient/a", address.port()))
        .header("content-type", "application/fhir+json")
        .bearer_auth(token)
        .body("{\"resourceType\": \"Patient\", \"id\": \"a\"}");
    let request = tokio::spawn(request.send());
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted";
    eventually(async || database.query(waiting), |count| count != "0").await;

    server.terminate();
    eventually(async || server.health("readyz").await.0, |status| *status == 503).await;
    // When connections are refused, the notice is over and the draining has begun.
    let knock = async || tokio::net::TcpStream::connect(address).await.is_err();
    eventually(knock, |refused| *refused).await;
    assert!(!request.is_finished());

    transaction.commit().await.unwrap();
    assert_eq!(request.await.unwrap().unwrap().status(), StatusCode::CREATED);
    assert_eq!(server.ended().await.code(), Some(0));
    drop(lock);
    connection.await.unwrap().unwrap();
}
