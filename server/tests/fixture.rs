//! The test fixture itself.

#[path = "fixture/mod.rs"]
mod fixture;

use fixture::Database;

#[test]
fn each_test_has_a_database_of_its_own() {
    let one = Database::start();
    let other = Database::start();
    one.query("CREATE TABLE kept (value int); INSERT INTO kept VALUES (42)");
    assert_eq!(one.query("SELECT value FROM kept"), "42");
    assert_eq!(other.query("SELECT to_regclass('kept') IS NULL"), "t");
}

#[tokio::test]
async fn the_url_opens_the_database() {
    let database = Database::start();
    let (client, connection) = tokio_postgres::connect(&database.url(), tokio_postgres::NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let row = client.query_one("SELECT current_database()", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), database.query("SELECT current_database()"));
    drop(client);
    connection.await.unwrap().unwrap();
}
