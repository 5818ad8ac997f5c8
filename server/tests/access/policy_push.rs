//! The admin listener of a running server: who may push policies, and which are taken.

use std::net::SocketAddr;

use brazier_service::trust::{self, TlsFiles};
use serde_json::{Value, json};

use super::certificates::{Authority, HOST, client};
use super::eventually::eventually;
use super::process::Setting;

/// Nobody listens there, so the server waits for its database; pushes are taken all the same.
const DATABASE: &str = "postgres://nobody@127.0.0.1:1/none";

fn policy(version: &str) -> String {
    json!({"version": version, "assignments": []}).to_string()
}

fn pusher(setting: &Setting, identity: Option<&TlsFiles>, address: SocketAddr) -> reqwest::Client {
    client(setting.authority.tls(&setting.folder, identity), address)
}

async fn push(
    client: &reqwest::Client,
    address: SocketAddr,
    document: String,
) -> reqwest::Result<(u16, Value)> {
    let url = format!("https://{HOST}:{}/access", address.port());
    let answer = client.put(url).body(document).send().await?;
    Ok((
        answer.status().as_u16(),
        serde_json::from_str(&answer.text().await?).unwrap(),
    ))
}

async fn enforced(client: &reqwest::Client, address: SocketAddr) -> Value {
    let url = format!("https://{HOST}:{}/access/version", address.port());
    let answer = client.get(url).send().await.unwrap().text().await.unwrap();
    serde_json::from_str::<Value>(&answer).unwrap()["version"].clone()
}

#[tokio::test]
async fn the_operator_alone_may_push() {
    let setting = Setting::new(DATABASE);
    std::fs::write(&setting.access_file, policy("from the file")).unwrap();
    let server = setting.start();
    let address = server.address("admin").await;
    let issue = |authority: &Authority, folder: &str, dns: &[&str], name: &str| {
        authority.issue(&setting.folder.join(folder), dns, name)
    };
    let admin = &setting.admin_authority;
    let refused = [
        ("no certificate", None),
        (
            "another name",
            Some(issue(admin, "a", &["brazier-connector"], "brazier-connector")),
        ),
        (
            "a longer name",
            Some(issue(admin, "b", &[], "brazier-operator.example")),
        ),
        (
            "the service's authority",
            Some(issue(&setting.authority, "c", &[], "brazier-operator")),
        ),
        (
            "an authority of the same name",
            Some(issue(
                &Authority::new("operator authority"),
                "d",
                &[],
                "brazier-operator",
            )),
        ),
    ];
    for (what, identity) in &refused {
        let client = pusher(&setting, identity.as_ref(), address);
        let refused = push(&client, address, policy("evil")).await;
        assert!(refused.is_err(), "{what}: {refused:?}");
    }
    let by_common_name = issue(admin, "e", &[], "brazier-operator");
    let by_dns_name = issue(admin, "f", &["brazier-operator"], "somebody");
    let operator = pusher(&setting, Some(&by_common_name), address);
    assert_eq!(enforced(&operator, address).await, "from the file");
    for (version, identity) in [("2", &by_common_name), ("3", &by_dns_name)] {
        let client = pusher(&setting, Some(identity), address);
        let pushed = push(&client, address, policy(version)).await.unwrap();
        assert_eq!(pushed, (200, json!({"version": version})));
        assert_eq!(enforced(&operator, address).await, version);
    }
    let (status, metrics) = server.health("metrics").await;
    assert_eq!(status, 200);
    assert!(
        metrics.contains("brazier_server_access_policy{version=\"3\"} 1"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_document_that_is_none_is_refused_with_the_reason_and_changes_nothing() {
    let setting = Setting::new(DATABASE);
    std::fs::write(&setting.access_file, policy("1")).unwrap();
    let server = setting.start();
    let address = server.address("admin").await;
    let identity = setting
        .admin_authority
        .issue(&setting.folder.join("a"), &[], "brazier-operator");
    let operator = pusher(&setting, Some(&identity), address);
    for (document, word) in [
        ("", "EOF"),
        ("{\"version\": \"2\"}", "assignments"),
        ("{\"version\": \"2\", \"assignments\": [], \"more\": 1}", "more"),
    ] {
        let (status, answer) = push(&operator, address, document.to_owned()).await.unwrap();
        assert_eq!(status, 400);
        assert!(answer["error"].as_str().unwrap().contains(word), "{answer}");
        assert_eq!(enforced(&operator, address).await, "1");
    }
}

#[tokio::test]
async fn a_replaced_certificate_is_shown_from_then_on() {
    let setting = Setting::new(DATABASE);
    std::fs::write(&setting.access_file, policy("1")).unwrap();
    let server = setting.start();
    let address = server.address("admin").await;
    let admin = setting.folder.join("operator");
    let identity = setting.admin_authority.issue(&admin, &[], "brazier-operator");
    let renewed = Authority::new("renewed authority");
    let url = format!("https://{HOST}:{}/access/version", address.port());
    let trusted = async |authority: &Authority| {
        let tls = authority.tls(&setting.folder, Some(&identity));
        client(tls, address).get(&url).send().await.is_ok()
    };
    assert!(trusted(&setting.authority).await);
    assert!(!trusted(&renewed).await);
    renewed.issue(&setting.folder.join("tls"), &[HOST], "server");
    eventually(async || trusted(&renewed).await, |trusted| *trusted).await;
    assert!(!trusted(&setting.authority).await);
}

#[tokio::test]
async fn the_file_is_followed_but_does_not_undo_what_was_pushed_after_it() {
    trust::install_crypto_provider();
    let setting = Setting::new(DATABASE);
    let server = setting.start();
    let address = server.address("admin").await;
    let identity = setting
        .admin_authority
        .issue(&setting.folder.join("a"), &[], "brazier-operator");
    let operator = pusher(&setting, Some(&identity), address);
    assert_eq!(enforced(&operator, address).await, "", "there is no file yet");

    std::fs::write(&setting.access_file, policy("1")).unwrap();
    eventually(
        async || enforced(&operator, address).await,
        |version| version == "1",
    )
    .await;
    for version in ["2", "3"] {
        push(&operator, address, policy(version)).await.unwrap();
    }
    std::fs::write(&setting.access_file, policy("2")).unwrap();
    tokio::time::sleep(brazier_service::files::INTERVAL * 2).await;
    assert_eq!(enforced(&operator, address).await, "3");
    std::fs::write(&setting.access_file, policy("4")).unwrap();
    eventually(
        async || enforced(&operator, address).await,
        |version| version == "4",
    )
    .await;
}
