//! <http://hl7.org/fhir/R4/binary.html#rest>: a Binary as what it holds

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;

use crate::fixture::Server;

#[tokio::test]
async fn content_that_cannot_be_given_or_taken_is_refused() {
    let server = Server::start().await;
    server
        .send("POST /Patient\nContent-Type: text/plain\n\nhello")
        .await
        .refused("415 not-supported");
    server
        .send("POST /Binary\nContent-Type: application/fhir+xml\n\n<Binary/>")
        .await
        .refused("415 not-supported");
    server
        .send("GET /Binary/none\nAccept: text/plain")
        .await
        .refused("404 not-found");
    let id = server
        .create(r#"{"resourceType":"Binary","contentType":"text/plain","data":"aGVsbG8="}"#)
        .await;
    server
        .send(&format!("GET /Binary/{id}\nAccept: application/fhir+xml"))
        .await
        .refused("406 not-supported");
    assert_eq!(server.last_access(), "anonymous read Binary 406 0");
}

#[tokio::test]
async fn content_goes_in_and_comes_back_in_its_own_format() {
    let server = Server::start().await;
    let content = b"\x89PNG\0\xff".to_vec();
    let request = Request::post("/Binary")
        .header("content-type", "image/png")
        .header("x-security-context", "Patient/1")
        .body(Body::from(content.clone()))
        .unwrap();
    let created = server.send_request(request).await;
    assert_eq!(created.status, 201, "{}", created.text);
    assert_eq!(
        (created.at("contentType"), created.at("data")),
        ("image/png".into(), "iVBORwD/".into())
    );
    assert_eq!(created.at("securityContext.reference"), "Patient/1");
    let path = format!("/Binary/{}", created.at("id"));

    for accept in ["application/fhir+json", "application/json, */*;q=0.5"] {
        let read = server.send(&format!("GET {path}\nAccept: {accept}")).await;
        assert_eq!(read.text, created.text, "{accept}");
    }
    // The standard gives the resource only to those who name its formats.
    for accept in [
        "image/png",
        "text/plain",
        "application/pdf, image/gif;q=0.5",
        "application/fhir+json;q=0, video/*",
        "application/fhir+xml, image/jpeg",
        "image/*",
        "*/*",
        "text/html, */*;q=0.1",
        "application/xml, image/png;q=0.5",
    ] {
        let request = Request::get(&path)
            .header("accept", accept)
            .body(Body::empty())
            .unwrap();
        let response = server.answer(request).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"image/png".parse().unwrap())
        );
        assert_eq!(response.headers()["etag"], "W/\"1\"");
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), content);
    }
    let update = server
        .send(&format!(
            "PUT {path}\nContent-Type: text/plain; charset=utf-8\n\nhello"
        ))
        .await;
    assert_eq!(
        (update.status.as_u16(), update.at("data")),
        (200, "aGVsbG8=".into())
    );
    let read = server.send(&format!("GET {path}\nAccept: text/plain")).await;
    assert_eq!(
        (read.text.as_str(), read.header("content-type")),
        ("hello", "text/plain; charset=utf-8")
    );
}
