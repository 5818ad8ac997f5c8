//! The map of the house as ARCHITECTURE.md draws it: tables of rooms, each with the rooms that it uses.
//!
//! A table counts when its first column is `room`. The heading above it that names a folder, as in "Rooms of
//! `server/`", says whose rooms they are; without a folder they are the crates. Besides `room`, the columns `uses`
//! and `never names` are read, whatever stands in code marks.

/// The file that holds the map.
pub const PATH: &str = "ARCHITECTURE.md";

/// The rooms of one crate, or the crates.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Floor {
    /// The crate's folder without a slash at its end; empty for the crates themselves.
    pub folder: String,
    /// In the order of the table.
    pub rooms: Vec<Room>,
}

/// A line of a table.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// The path below the crate's `src`, `storage/postgres`; a crate's folder among the crates.
    pub name: String,
    /// Rooms that its files may name; it names each of them somewhere.
    pub uses: Vec<String>,
    /// Crates from outside that its files do not name.
    pub never: Vec<String>,
}

/// The floors of the map.
pub fn floors(text: &str) -> Vec<Floor> {
    let mut floors: Vec<Floor> = Vec::new();
    let mut folder = String::new();
    let mut columns: Option<Vec<String>> = None;
    for line in text.lines() {
        if line.starts_with('#') {
            folder = code(line).into_iter().next().unwrap_or_default();
        }
        let Some(cells) = cells(line) else {
            columns = None;
            continue;
        };
        match &columns {
            None => {
                if cells.first().is_some_and(|first| first == "room") {
                    floors.push(Floor {
                        folder: folder.clone(),
                        rooms: Vec::new(),
                    });
                    columns = Some(cells);
                } else {
                    columns = Some(Vec::new());
                }
            }
            Some(columns) if columns.is_empty() || line.contains("---") => {}
            Some(columns) => {
                let cell = |name: &str| {
                    let place = columns.iter().position(|column| column == name);
                    place
                        .and_then(|place| cells.get(place))
                        .map(|cell| code(cell))
                        .unwrap_or_default()
                };
                if let Some(floor) = floors.last_mut() {
                    floor.rooms.extend(cell("room").into_iter().map(|name| Room {
                        name,
                        uses: cell("uses"),
                        never: cell("never names"),
                    }));
                }
            }
        }
    }
    floors
}

/// The cells of a table's line.
fn cells(line: &str) -> Option<Vec<String>> {
    let line = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(line.split('|').map(|cell| cell.trim().to_owned()).collect())
}

/// What stands between backticks, without a slash or `.rs` at its end.
fn code(text: &str) -> Vec<String> {
    let parts = text.split('`').skip(1).step_by(2);
    parts
        .map(|part| part.trim_end_matches('/').trim_end_matches(".rs").to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_rooms_are_read_and_no_others() {
        let text = "# Map\n| folder | what |\n| --- | --- |\n| `x/` | y |\n\n## Rooms of `server/`\n\n\
                    | room | what happens there | uses | never names |\n| --- | --- | --- | --- |\n\
                    | `search/`, `audit.rs` | queries, `Query` | `resource` | `http`, `axum` |\n| `resource/` | JSON | | |\n";
        let room = |name: &str, uses: &[&str], never: &[&str]| Room {
            name: name.to_owned(),
            uses: uses.iter().map(ToString::to_string).collect(),
            never: never.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(
            floors(text),
            [Floor {
                folder: "server".to_owned(),
                rooms: vec![
                    room("search", &["resource"], &["http", "axum"]),
                    room("audit", &["resource"], &["http", "axum"]),
                    room("resource", &[], &[]),
                ],
            }]
        );
    }
}
