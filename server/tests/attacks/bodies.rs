//! Bodies that are large, and bodies that never come to their end.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::task::JoinSet;

use super::target::{FHIR, SMALLEST, Target, USUAL, withstand, withstand_with};

/// A body of which `parts` parts of 64 KiB come, and the end never does.
fn unfinished(parts: usize) -> reqwest::Body {
    let part = Bytes::from(vec![b' '; 64 << 10]);
    let parts = (0..parts).map(move |_| Ok::<_, Infallible>(Frame::data(part.clone())));
    let parts = futures::stream::iter(parts).chain(futures::stream::pending());
    reqwest::Body::wrap(StreamBody::new(parts))
}

/// Requests of `name` that are never finished; they end when the answer is dropped.
fn begin(target: &Target, name: Option<&str>, requests: usize, parts: usize) -> JoinSet<u16> {
    let mut begun = JoinSet::new();
    for _request in 0..requests {
        let request = target.client().post(target.url("/")).header("content-type", FHIR);
        let request = match name {
            Some(name) => request.bearer_auth(target.token(name)),
            None => request,
        };
        let sent = request.body(unfinished(parts)).send();
        begun.spawn(async move { sent.await.unwrap().status().as_u16() });
    }
    begun
}

async fn begin_and_never_finish(target: &Target) {
    // Who may nothing is told so before the body has come.
    for (name, status) in [(None, 401), (Some("nobody"), 403)] {
        let mut begun = begin(target, name, 56, 1000);
        while let Some(answer) = begun.join_next().await {
            assert_eq!(answer.unwrap(), status);
        }
    }
    let mut begun = begin(target, Some("writer"), 56, 160);
    // They have more than one principal may hold.
    let first = tokio::time::timeout(Duration::from_secs(60), begun.join_next()).await;
    assert_eq!(first.expect("none is refused").unwrap().unwrap(), 503);
    while let Some(answer) = begun.try_join_next() {
        assert_eq!(answer.unwrap(), 503);
    }
    // Others send theirs meanwhile.
    let patient = r#"{"resourceType":"Patient","id":"other"}"#;
    target.put("/Patient/other", patient.to_owned()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_never_finished() {
    for memory in [USUAL, SMALLEST] {
        withstand_with(memory, "bodies that are never finished", begin_and_never_finish).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_that_no_search_needs() {
    withstand("forms", async |target| {
        let form = "a=b&".repeat(15 << 20);
        for name in ["nobody", "reader"] {
            let answers = target
                .together(4, |_| {
                    let form_type = "application/x-www-form-urlencoded";
                    target.send(name, ("POST", "/Patient/_search"), form_type, form.clone())
                })
                .await;
            for answer in answers {
                answer.is_refused(&[403, 413]);
            }
        }
    })
    .await;
}
