//! Bundles of very many entries or values.

use super::target::{FHIR, withstand};

fn batch(entry: &str, times: usize) -> String {
    let entries = vec![entry; times].join(",");
    format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{entries}]}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_of_metadata() {
    withstand("batches of metadata", async |target| {
        let entry = r#"{"request":{"method":"GET","url":"metadata"}}"#;
        for (name, entries, refused) in [
            ("nobody", 200_000, [403, 403]),
            ("reader", 200_000, [413, 503]),
            ("nobody", 2_000, [403, 403]),
        ] {
            let bundle = batch(entry, entries);
            let answers = target
                .together(4, |_| target.send(name, ("POST", "/"), FHIR, bundle.clone()))
                .await;
            for answer in answers {
                answer.is_refused(&refused);
            }
        }
        let answer = target
            .send("reader", ("POST", "/"), FHIR, batch(entry, 500))
            .await;
        assert!(answer.body.len() < 128 << 20);
        let bundle = answer.json();
        assert_eq!(bundle["entry"][0]["response"]["status"], "200 OK");
        assert_eq!(
            bundle["entry"][499]["response"]["status"],
            "413 Payload Too Large"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bundles_of_tiny_values() {
    withstand("bundles of tiny values", async |target| {
        let values = r#"{"":0},"#.repeat(61 << 17);
        let bundle = format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{values}0]}}"#);
        for name in ["nobody", "writer"] {
            let answers = target
                .together(4, |_| target.send(name, ("POST", "/"), FHIR, bundle.clone()))
                .await;
            for answer in answers {
                answer.is_refused(&[403, 413, 503]);
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_transactions() {
    withstand("large transactions", async |target| {
        let note = "abc ".repeat(700);
        let entry = format!(
            r#"{{"request":{{"method":"POST","url":"Observation"}},"resource":{{"resourceType":"Observation","status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"8867-4"}}]}},"note":[{{"text":"{note}"}}]}}}}"#
        );
        let bundle = batch(&entry, (20 << 20) / entry.len()).replacen("batch", "transaction", 1);
        let answers = target
            .together(8, |_| target.send("writer", ("POST", "/"), FHIR, bundle.clone()))
            .await;
        let stored = answers.iter().filter(|answer| answer.status == 200).count();
        println!("{stored} of 8 transactions were stored");
        assert!(stored > 0, "{:?}", answers.first().map(|answer| answer.status));
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            answer.is_refused(&[503]);
        }
    })
    .await;
}
