//! Patches of a few bytes that ask for all memory, for the stack, or for seconds of the processor.

use super::target::{Answer, FHIR, Target, withstand};

const JSON_PATCH: &str = "application/json-patch+json";

async fn patch(target: &Target, media_type: &str, body: String) -> Answer {
    target
        .send("writer", ("PATCH", "/Basic/a"), media_type, body)
        .await
}

async fn stored(target: &Target) {
    let extension = r#"{"url":"http://a","extension":[{"url":"http://b","valueString":"x"}]}"#;
    let basic = format!(
        r#"{{"resourceType":"Basic","id":"a","code":{{"text":"x"}},"extension":[{extension},{extension}]}}"#
    );
    target.put("/Basic/a", basic).await;
}

fn many(operation: &str, times: usize) -> String {
    format!("[{}]", vec![operation; times].join(","))
}

#[tokio::test(flavor = "multi_thread")]
async fn patches_that_double_what_is_there() {
    withstand("patches that double", async |target| {
        stored(target).await;
        let flat = r#"{"op":"copy","from":"/extension","path":"/extension/-"}"#;
        let nested = r#"{"op":"copy","from":"/extension/0","path":"/extension/0/extension/-"}"#;
        for operation in [flat, nested] {
            let answers = target
                .together(8, |_| patch(target, JSON_PATCH, many(operation, 40)))
                .await;
            for answer in answers {
                answer.is_refused(&[422]);
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn patches_that_nest() {
    withstand("patches that nest", async |target| {
        stored(target).await;
        let wrap = r#"{"op":"move","from":"/extension","path":"/x"},{"op":"add","path":"/extension","value":[{"url":"http://c"}]},{"op":"move","from":"/x","path":"/extension/0/extension"}"#;
        let answers = target
            .together(8, |_| patch(target, JSON_PATCH, many(wrap, 30_000)))
            .await;
        for answer in answers {
            answer.is_refused(&[422]);
        }
        // By small steps, too, what is stored can always be read.
        for _step in 0..40 {
            let answer = patch(target, JSON_PATCH, many(wrap, 2)).await;
            assert!(matches!(answer.status, 200 | 422), "{answer:?}");
            let found = target.get("writer", "/Basic?_elements=code").await;
            assert_eq!(found.json()["entry"][0]["resource"]["id"], "a");
        }
        patch(target, JSON_PATCH, many(wrap, 2)).await.is_refused(&[422]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn patches_that_push_all_others_back() {
    withstand("patches that insert in front", async |target| {
        stored(target).await;
        let insert = r#"{"op":"add","path":"/extension/0","value":{"url":"u"}}"#;
        let answers = target
            .together(2, |_| patch(target, JSON_PATCH, many(insert, 150_000)))
            .await;
        for answer in answers {
            answer.is_refused(&[413, 422]);
        }
        let add = r#"{"name":"operation","part":[{"name":"type","valueCode":"insert"},{"name":"path","valueString":"Basic.extension"},{"name":"index","valueInteger":0},{"name":"value","valueExtension":{"url":"u"}}]}"#;
        let patches = |times| format!(r#"{{"resourceType":"Parameters","parameter":{}}}"#, many(add, times));
        patch(target, FHIR, patches(20_000)).await.is_refused(&[413, 422]);
    })
    .await;
}
