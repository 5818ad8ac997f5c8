//! Answers that take much memory before they are sent, or for as long as nobody takes them.

use std::fmt::Write as _;

use super::target::{FHIR, SMALLEST, Target, USUAL, withstand, withstand_with};

/// Bytes of a large resource.
const LARGE: usize = 2 << 20;
/// How many there are.
const MANY: usize = 60;

/// Text that cannot be compressed to much less.
fn noise(bytes: usize, mut seed: u64) -> String {
    let mut text = String::with_capacity(bytes + 16);
    while text.len() < bytes {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        write!(text, "{:016x}", seed ^ (seed >> 31)).unwrap();
    }
    text.truncate(bytes);
    text
}

async fn store_large(target: &Target) {
    for number in 0..MANY {
        let data = noise(LARGE, number as u64 + 1);
        let binary = format!(
            r#"{{"resourceType":"Binary","id":"{number}","contentType":"text/plain","data":"{data}"}}"#
        );
        target.put(&format!("/Binary/{number}"), binary).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_large_resources() {
    withstand("pages of large resources", async |target| {
        store_large(target).await;
        for path in [
            "/Binary?_count=1000",
            "/Binary?_count=1000&_pretty=true",
            "/Binary?_count=1000&_sort=-_lastUpdated",
            "/Binary/_history?_count=1000",
        ] {
            let answers = target.together(4, |_| target.get("writer", path)).await;
            for answer in answers {
                assert_eq!(answer.status, 200, "{path}");
                assert!(answer.body.len() < 16 << 20, "{path}: {}", answer.body.len());
                let page = answer.json();
                let links = page["link"].as_array().unwrap();
                let next = links.iter().any(|link| link["relation"] == "next");
                assert!(next, "{path}: there is more");
            }
        }
        // The pages by bytes neither skip nor repeat.
        let (mut found, mut path) = (0, "/Binary?_count=1000".to_owned());
        loop {
            let page = target.get("reader", &path).await.json();
            found += page["entry"].as_array().unwrap().len();
            let mut links = page["link"].as_array().unwrap().iter();
            let Some(next) = links.find(|link| link["relation"] == "next") else {
                break;
            };
            let next = next["url"].as_str().unwrap();
            path = next[next.find("/Binary").unwrap()..].to_owned();
        }
        assert_eq!(found, MANY);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_of_large_resources() {
    withstand("batches of large resources", async |target| {
        store_large(target).await;
        let entry = |number| {
            format!(
                r#"{{"request":{{"method":"GET","url":"Binary/{}"}}}}"#,
                number % MANY
            )
        };
        let entries: Vec<String> = (0..300).map(entry).collect();
        let entries = entries.join(",");
        for kind in ["batch", "transaction"] {
            let bundle = format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{entries}]}}"#);
            let answers = target
                .together(4, |_| target.send("reader", ("POST", "/"), FHIR, bundle.clone()))
                .await;
            for answer in answers {
                if answer.status != 200 {
                    answer.is_refused(&[413, 503]);
                    continue;
                }
                assert_eq!(kind, "batch", "all of it is no answer");
                let bundle = answer.json();
                let mut read = 0;
                for entry in bundle["entry"].as_array().unwrap() {
                    // What others give back meanwhile may be had again, by the entries that come then.
                    match entry["response"]["status"].as_str().unwrap().split(' ').next() {
                        Some("200") => read += 1,
                        Some("413" | "503") => assert!(entry.get("resource").is_none()),
                        _ => panic!("{}", entry["response"]),
                    }
                }
                assert!(
                    read < brazier_server::budget::MEMORY / LARGE,
                    "{read} of 300 entries"
                );
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_become_long_by_indenting() {
    withstand("_pretty", async |target| {
        // Levels of extensions, and many values within the innermost.
        let (open, close) = (
            r#"{"url":"http://u","extension":["#.repeat(30),
            "]}".repeat(30),
        );
        let values = vec![r#"{"url":"http://u","valueBoolean":true}"#; 20_000].join(",");
        let basic = format!(
            r#"{{"resourceType":"Basic","id":"deep","code":{{"text":"a"}},"extension":[{open}{values}{close}]}}"#
        );
        target.put("/Basic/deep", basic).await;
        let answers = target
            .together(8, |_| target.get("writer", "/Basic?_pretty=true"))
            .await;
        assert!(answers.iter().all(|answer| answer.status == 200));
    })
    .await;
}

/// A part of a resource is made of the whole as a tree, which is many times its text.
#[tokio::test(flavor = "multi_thread")]
async fn parts_of_large_resources() {
    withstand("parts of large resources", async |target| {
        let values = vec![r#"{"url":"http://u","valueBoolean":true}"#; 200_000].join(",");
        let basic = format!(
            r#"{{"resourceType":"Basic","id":"large","code":{{"text":"a"}},"extension":[{values}]}}"#
        );
        target.put("/Basic/large", basic).await;
        for path in [
            "/Basic?_elements=code",
            "/Basic/large?_elements=code",
            "/Basic/_history?_summary=true",
        ] {
            let answers = target.together(24, |_| target.get("writer", path)).await;
            let mut made = 0;
            for answer in answers {
                if answer.status == 200 {
                    assert!(answer.body.len() < 2000, "{path}: {}", answer.body.len());
                    made += 1;
                } else {
                    answer.is_refused(&[503]);
                }
            }
            println!("{path}: {made} of 24 parts were made");
            assert!(made > 0, "{path}");
        }
    })
    .await;
}

async fn ask_and_take_nothing(target: &Target) {
    let mut held = Vec::new();
    for _connection in 0..64 {
        let client = target.connection(0);
        let streams = (0..128).map(|_| client.get(target.url("/metadata")).send());
        for answer in futures::future::join_all(streams).await {
            let answer = answer.unwrap();
            assert!(matches!(answer.status().as_u16(), 200 | 503), "{answer:?}");
            held.push(answer);
        }
    }
    assert_eq!(held.len(), 8192);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_takes() {
    for memory in [USUAL, SMALLEST] {
        let kind = "8,192 streams of /metadata that are never read";
        withstand_with(memory, kind, ask_and_take_nothing).await;
    }
}
