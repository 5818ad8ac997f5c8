//! The arrows between rooms are those of the map in ARCHITECTURE.md, no more and no less: a file names only what its room
//! may use, what the map says is used somewhere, and every room is on the map.

use std::collections::{BTreeMap, BTreeSet};

use crate::map::{self, Floor, Room};
use crate::rust::{crates, named};
use crate::{Complaint, Texts};

/// Every arrow that is not on the map, and everything on the map that is not there.
pub fn check(texts: &Texts) -> Vec<Complaint> {
    let Some(text) = texts.get(map::PATH) else {
        return vec![on_the_map("there is no map".to_owned())];
    };
    let floors = map::floors(text);
    if floors.is_empty() {
        return vec![on_the_map(
            "it has no table whose first column is \"room\"".to_owned(),
        )];
    }
    floors
        .iter()
        .flat_map(|floor| match floor.folder.as_str() {
            "" => between_crates(floor, texts),
            _ => within_crate(floor, texts),
        })
        .collect()
}

fn on_the_map(message: String) -> Complaint {
    Complaint {
        path: map::PATH.to_owned(),
        message,
    }
}

/// The crates of the workspace depend on each other as the map says.
fn between_crates(floor: &Floor, texts: &Texts) -> Vec<Complaint> {
    let manifests: BTreeMap<&str, &str> = texts
        .iter()
        .filter_map(|(path, text)| Some((path.strip_suffix("/Cargo.toml")?, text.as_str())))
        .collect();
    let mut complaints = Vec::new();
    for (folder, manifest) in &manifests {
        let Some(room) = floor.rooms.iter().find(|room| room.name == *folder) else {
            complaints.push(on_the_map(format!("the crate {folder} is not among the rooms")));
            continue;
        };
        let used: BTreeSet<String> = dependencies(folder, manifest).collect();
        complaints.extend(compare(&format!("{folder}/Cargo.toml"), room, &used));
    }
    let gone = floor
        .rooms
        .iter()
        .filter(|room| !manifests.contains_key(room.name.as_str()));
    complaints.extend(gone.map(|room| on_the_map(format!("there is no crate {}", room.name))));
    complaints
}

/// The folders of the crates that this one is built with, tests aside.
fn dependencies<'a>(folder: &'a str, manifest: &'a str) -> impl Iterator<Item = String> + 'a {
    let tests = manifest.find("[dev-dependencies]").unwrap_or(manifest.len());
    let built_with = manifest.get(..tests).unwrap_or(manifest);
    built_with.lines().filter_map(move |line| {
        let (_, path) = line.split_once(" path = \"")?;
        let (path, _) = path.split_once('"')?;
        let mut place: Vec<&str> = folder.split('/').collect();
        for step in path.split('/') {
            match step {
                ".." => drop(place.pop()),
                step if step.ends_with(".rs") => return None,
                step => place.push(step),
            }
        }
        Some(place.join("/"))
    })
}

/// The files of a crate name each other as the map says.
fn within_crate(floor: &Floor, texts: &Texts) -> Vec<Complaint> {
    let source = format!("{}/src/", floor.folder);
    let mut complaints = Vec::new();
    let mut used: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (path, text) in texts {
        let Some(module) = path.strip_prefix(&source).and_then(module) else {
            continue;
        };
        let Some(room) = room_of(floor, &module) else {
            complaints.push(on_the_map(format!("{path} is in no room of {}", floor.folder)));
            continue;
        };
        seen.insert(&room.name);
        for target in named(text, &module)
            .iter()
            .filter_map(|target| room_of(floor, target))
        {
            if target.name == room.name {
                continue;
            }
            used.entry(&room.name).or_default().insert(target.name.clone());
            if !room.uses.contains(&target.name) {
                complaints.push(Complaint {
                    path: path.clone(),
                    message: format!(
                        "{} may not use {}: {} has no such arrow",
                        room.name,
                        target.name,
                        map::PATH
                    ),
                });
            }
        }
        let crates = crates(text);
        complaints.extend(
            room.never
                .iter()
                .filter(|never| crates.contains(never))
                .map(|never| Complaint {
                    path: path.clone(),
                    message: format!("{} never names the crate {never}", room.name),
                }),
        );
    }
    for room in &floor.rooms {
        if !seen.contains(room.name.as_str()) {
            complaints.push(on_the_map(format!("{} has no room {}", floor.folder, room.name)));
        }
        let used = used.remove(room.name.as_str()).unwrap_or_default();
        complaints.extend(unused(room, &used));
    }
    complaints.dedup();
    complaints
}

fn compare(path: &str, room: &Room, used: &BTreeSet<String>) -> Vec<Complaint> {
    let refused = used
        .iter()
        .filter(|target| !room.uses.contains(target))
        .map(|target| Complaint {
            path: path.to_owned(),
            message: format!(
                "{} may not use {target}: {} has no such arrow",
                room.name,
                map::PATH
            ),
        });
    refused.chain(unused(room, used)).collect()
}

/// Arrows of the map that nothing follows.
fn unused<'a>(room: &'a Room, used: &'a BTreeSet<String>) -> impl Iterator<Item = Complaint> + 'a {
    let unused = room.uses.iter().filter(|target| !used.contains(*target));
    unused.map(|target| on_the_map(format!("{} does not use {target}; take the arrow out", room.name)))
}

/// The module that a file is, by its path below `src`. `None` for the roots, which put rooms together, and for tests.
fn module(path: &str) -> Option<Vec<String>> {
    let path = path.strip_suffix(".rs")?;
    let module: Vec<String> = path.split('/').map(str::to_owned).collect();
    let is_root = matches!(path, "main" | "lib") || path.starts_with("bin/");
    let is_test = module.iter().any(|part| part == "tests" || part == "test");
    (!is_root && !is_test).then_some(module)
}

/// The innermost room that a path leads into.
fn room_of<'a>(floor: &'a Floor, path: &[String]) -> Option<&'a Room> {
    let within = |room: &&Room| {
        let mut steps = path.iter();
        room.name
            .split('/')
            .all(|step| steps.next().is_some_and(|next| next == step))
    };
    floor
        .rooms
        .iter()
        .filter(within)
        .max_by_key(|room| room.name.len())
}

#[cfg(test)]
mod tests;
