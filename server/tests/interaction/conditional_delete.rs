//! <http://hl7.org/fhir/R4/http.html#3.1.0.7.1>

use crate::fixture::Server;

#[tokio::test]
async fn one_resource_at_most_is_deleted() {
    let server = Server::start().await;
    for gender in ["male", "female", "female"] {
        server
            .create(&format!(r#"{{"resourceType":"Patient","gender":"{gender}"}}"#))
            .await;
    }
    server.send("DELETE /Patient").await.refused("412 required");
    server
        .send("DELETE /Patient?_count=1")
        .await
        .refused("412 required");
    server.send("DELETE /Patient?nonsense=1").await.refused("400");
    server
        .send("DELETE /Patient?gender=female")
        .await
        .refused("412 multiple-matches");
    assert_eq!(server.send("DELETE /Patient?gender=other").await.status, 204);
    assert_eq!(server.send("DELETE /Patient?gender=male").await.status, 204);
    assert_eq!(server.last_access(), "anonymous delete Patient 2 204 0");
    assert_eq!(server.get("/Patient?_summary=count").await.at("total"), "2");
}
