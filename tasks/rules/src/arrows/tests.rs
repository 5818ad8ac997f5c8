//! A house of a few lines, and what is said when something in it changes alone.

use super::*;

const MAP: &str = "\
## Crates
| room | uses |
| --- | --- |
| `crds/` | |
| `server/` | `crds` |

## Rooms of `server/`
| room | what | uses | never names |
| --- | --- | --- | --- |
| `interaction/` | handlers | `storage` | |
| `storage/` | promises | | `http` |
| `storage/postgres/` | PostgreSQL | `storage` | `http` |
";

fn house() -> Texts {
    let files = [
        ("ARCHITECTURE.md", MAP),
        ("crds/Cargo.toml", "[dependencies]\nserde_json_path = \"1\"\n"),
        (
            "server/Cargo.toml",
            "[dependencies]\nbrazier-crds = { path = \"../crds\" }\n",
        ),
        ("server/src/lib.rs", "mod interaction; mod storage;"),
        ("server/src/interaction/read.rs", "use crate::storage::Storage;"),
        ("server/src/storage.rs", "pub mod postgres;"),
        ("server/src/storage/postgres.rs", "use super::Storage;"),
        ("server/src/storage/postgres/tests.rs", "use crate::interaction;"),
    ];
    files
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .into()
}

fn said(texts: &Texts) -> Vec<String> {
    check(texts)
        .into_iter()
        .map(|Complaint { path, message }| format!("{path}: {message}"))
        .collect()
}

fn after(path: &str, text: &str) -> Vec<String> {
    let mut house = house();
    house.insert(path.to_owned(), text.to_owned());
    said(&house)
}

#[test]
fn a_house_as_its_map_says_is_in_order() {
    assert_eq!(said(&house()), Vec::<String>::new());
}

#[test]
fn an_arrow_that_is_not_on_the_map_is_refused() {
    assert_eq!(
        after(
            "server/src/storage/postgres/write.rs",
            "use crate::{interaction::read, storage::Storage};"
        ),
        [
            "server/src/storage/postgres/write.rs: storage/postgres may not use interaction: ARCHITECTURE.md has no such arrow"
        ]
    );
    assert_eq!(
        after(
            "crds/Cargo.toml",
            "[dependencies]\nbrazier-server = { path = \"../server\" }\n"
        ),
        ["crds/Cargo.toml: crds may not use server: ARCHITECTURE.md has no such arrow"]
    );
}

#[test]
fn a_crate_that_a_room_never_names_is_refused() {
    assert_eq!(
        after("server/src/storage/write.rs", "fn f(_: http::Method) {}"),
        ["server/src/storage/write.rs: storage never names the crate http"]
    );
}

#[test]
fn a_room_that_is_not_on_the_map_is_refused() {
    assert_eq!(
        after("server/src/audit.rs", "struct Record;"),
        ["ARCHITECTURE.md: server/src/audit.rs is in no room of server"]
    );
    assert_eq!(
        after("connector/Cargo.toml", ""),
        ["ARCHITECTURE.md: the crate connector is not among the rooms"]
    );
}

#[test]
fn what_is_on_the_map_is_there() {
    assert_eq!(
        after("server/src/interaction/read.rs", "fn read() {}"),
        ["ARCHITECTURE.md: interaction does not use storage; take the arrow out"]
    );
    let mut house = house();
    house.remove("server/src/interaction/read.rs");
    assert_eq!(
        said(&house),
        [
            "ARCHITECTURE.md: server has no room interaction",
            "ARCHITECTURE.md: interaction does not use storage; take the arrow out"
        ]
    );
}
