//! Bodies of a few bytes that unpack to gigabytes, many of them at one time, and bodies that are packed more than once.

use brazier_server::compression::{Effort, pack};

use super::target::{FHIR, SMALLEST, Target, USUAL, withstand_with};

/// gzip of `times` times 16 MiB of spaces: members one after the other, which are one text
/// (<https://www.rfc-editor.org/rfc/rfc1952#section-2.2>).
fn bomb(times: usize) -> Vec<u8> {
    pack(&vec![b' '; 16 << 20], Effort::Much).repeat(times)
}

/// A request without its body: method and path, and the media type.
type Head = ((&'static str, &'static str), &'static str);

/// Requests that take a resource.
const RESOURCES: [Head; 2] = [(("POST", "/"), FHIR), (("PUT", "/Patient/a"), FHIR)];
/// Requests that take something else.
const OTHERS: [Head; 3] = [
    (("PUT", "/Binary/a"), "text/plain"),
    (("PATCH", "/Patient/witness"), "application/json-patch+json"),
    (("POST", "/Patient/_search"), "application/x-www-form-urlencoded"),
];

/// Checks that `body`, packed as `encoding` says, is refused with one of `statuses` by all of `heads`, however many come at one
/// time.
async fn refused(
    target: &Target,
    heads: &[Head],
    (times, encoding, body): (usize, &str, &[u8]),
    statuses: &[u16],
) {
    for &(request, media_type) in heads {
        let answers = target
            .together(times, |_| {
                target.send_packed("writer", request, (media_type, encoding), body.to_owned())
            })
            .await;
        for answer in answers {
            answer.is_refused(statuses);
        }
    }
}

async fn send_bombs(target: &Target) {
    let (four_gigabytes, less) = (bomb(256), bomb(3));
    // Who may nothing is told so before anything is unpacked.
    let answers = target
        .together(8, |_| {
            let head = (FHIR, "gzip");
            target.send_packed("nobody", ("POST", "/"), head, four_gigabytes.clone())
        })
        .await;
    for answer in answers {
        answer.is_refused(&[403]);
    }
    for heads in [&RESOURCES[..], &OTHERS] {
        refused(target, heads, (8, "gzip", &four_gigabytes), &[413, 503]).await;
        // 48 MiB each are less than a body may have where memory is usual.
        refused(target, heads, (64, "gzip", &less), &[413, 503]).await;
    }
    // Hundreds of thousands of members with nothing in them: no memory, but time.
    let nothing = pack(b"", Effort::Little).repeat(400_000);
    refused(target, &RESOURCES, (4, "gzip", &nothing), &[400]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_unpack_to_gigabytes() {
    for memory in [USUAL, SMALLEST] {
        withstand_with(memory, "bodies that unpack to gigabytes", send_bombs).await;
    }
}

async fn send_nested(target: &Target) {
    let nested = pack(&pack(&bomb(64), Effort::Much), Effort::Much);
    // It is unpacked once, and what is in it is no JSON; what says that it is packed more often is not unpacked at all.
    refused(target, &RESOURCES, (32, "gzip", &nested), &[400]).await;
    for heads in [&RESOURCES[..], &OTHERS] {
        refused(target, heads, (8, "gzip, gzip, gzip", &nested), &[415]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_packed_more_than_once() {
    withstand_with(USUAL, "bodies that are packed more than once", send_nested).await;
}

/// Requests of others that are packed, too, are answered while bombs come without end.
async fn send_many_small(target: &Target) {
    let small = bomb(1);
    let honest = pack(br#"{"resourceType":"Patient","id":"packed"}"#, Effort::Little);
    let bombs = async {
        for _round in 0..8 {
            let answers = target
                .together(96, |_| {
                    target.send_packed("writer", ("POST", "/"), (FHIR, "gzip"), small.clone())
                })
                .await;
            for answer in answers {
                answer.is_refused(&[400, 413, 503]);
            }
        }
    };
    let others = async {
        for _attempt in 0..20 {
            let put = ("PUT", "/Patient/packed");
            let answer = target
                .send_packed("other", put, (FHIR, "gzip"), honest.clone())
                .await;
            assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        }
    };
    tokio::join!(bombs, others);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_small_bodies_that_unpack_to_much() {
    for memory in [USUAL, SMALLEST] {
        withstand_with(memory, "many small bodies that unpack to much", send_many_small).await;
    }
}
