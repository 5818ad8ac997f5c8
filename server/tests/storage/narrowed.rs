//! A search over all types that access rules have narrowed to some finds resources of these alone, whatever it goes out from.

use brazier_server::resource::ResourceType;
use brazier_server::search::{SearchRequest, extract, parse};
use brazier_server::storage::{Method, Write};

use super::{House, object};
use crate::fixture::definitions;

const BASE: &str = "http://fhir.test";

fn of(name: &str) -> ResourceType {
    ResourceType::parse(name).unwrap()
}

#[tokio::test]
async fn what_is_found_is_of_the_types_that_may_be_searched() {
    let house = House::open().await;
    let registry = definitions().search_parameters();
    for (name, id) in [("Patient", "secret"), ("Observation", "open")] {
        let resource = object(&format!(
            r#"{{"resourceType":"{name}","meta":{{"tag":[{{"system":"urn:t","code":"x"}}],"profile":["http://p.test/p"],
                "source":"http://s.test/s"}}}}"#
        ));
        let index = extract(registry, of(name), &resource);
        let method = Method::Create { resource, index };
        house
            .write(Write {
                resource_type: of(name),
                id: id.to_owned(),
                method,
            })
            .await;
    }
    for (parameter, value) in [
        ("_tag", "x"),
        ("_tag", "urn:t|"),
        ("_tag", "x,y"),
        ("_tag:not", "y"),
        ("_tag:missing", "false"),
        ("_profile", "http://p.test/p"),
        ("_source", "http://s.test/s"),
        ("_source:below", "http://s.test"),
        ("_id", "secret,open"),
        ("_lastUpdated", "gt2020"),
    ] {
        for sort in [None, Some(("_sort".to_owned(), "_lastUpdated".to_owned()))] {
            let given = Some((parameter.to_owned(), value.to_owned()));
            let parameters: Vec<(String, String)> = given.into_iter().chain(sort).collect();
            let request = SearchRequest {
                resource_types: &[],
                parameters: &parameters,
                lenient: false,
                base_url: BASE,
            };
            let mut query = parse(registry, &request).unwrap();
            query.resource_types = vec![of("Observation")];
            let page = house.storage.search(definitions(), &query).await.unwrap();
            let found: Vec<&str> = page.matches.iter().map(|found| found.id.as_str()).collect();
            assert_eq!(found, ["open"], "{parameters:?}");
        }
    }
}
