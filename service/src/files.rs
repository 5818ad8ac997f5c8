//! Notices that mounted files have changed. It looks at their content from time to time, because mounted volumes are
//! replaced by swapping a symbolic link, which file system notifications miss, and because a time stamp may go back.

use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};

/// How often files are looked at.
pub const INTERVAL: Duration = Duration::from_secs(3);

/// Files, and what was in them when last looked at.
#[derive(Debug, Clone)]
pub struct FollowedFiles {
    paths: Vec<PathBuf>,
    seen: Option<[u8; 32]>,
}

impl FollowedFiles {
    /// Takes nothing as seen, so that the first look is a change: for who reads the files whenever they change, and not
    /// before.
    pub fn new(paths: Vec<PathBuf>) -> FollowedFiles {
        FollowedFiles { paths, seen: None }
    }

    /// Takes the present content as seen: for who reads the files right after this.
    pub fn seen(paths: Vec<PathBuf>) -> FollowedFiles {
        let seen = Some(digest(&paths));
        FollowedFiles { paths, seen }
    }

    /// The files that it follows, in the order in which they were given.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Waits until the content differs from what was last seen, and takes the new content as seen.
    pub async fn changed(&mut self) {
        while !self.look() {
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Whether the content differs from what was last seen; takes it as seen.
    fn look(&mut self) -> bool {
        let found = Some(digest(&self.paths));
        let changed = found != self.seen;
        self.seen = found;
        changed
    }
}

/// A file that cannot be read differs from an empty one.
fn digest(paths: &[PathBuf]) -> [u8; 32] {
    let mut all = Sha256::new();
    for path in paths {
        match std::fs::read(path) {
            Ok(content) => all.update(Sha256::digest(content)),
            Err(_unreadable) => all.update([1]),
        }
    }
    all.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swapped_link_is_a_change_and_the_same_content_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        for (name, content) in [("one", "1"), ("copy", "1"), ("two", "2"), ("empty", "")] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join("file"), content).unwrap();
        }
        let point_to = |name: &str| {
            let new = folder.path().join("new");
            std::os::unix::fs::symlink(folder.path().join(name), &new).unwrap();
            std::fs::rename(new, &link).unwrap();
        };
        point_to("one");
        let mut files = FollowedFiles::seen(vec![link.join("file")]);
        assert!(!files.look());
        point_to("copy");
        assert!(!files.look());
        point_to("two");
        assert!(files.look());
        assert!(!files.look());
        std::fs::remove_file(&link).unwrap();
        assert!(files.look());
        point_to("empty");
        assert!(files.look());
    }

    #[test]
    fn the_first_look_is_a_change_when_nothing_was_seen_even_without_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = FollowedFiles::new(vec![folder.path().join("none")]);
        assert!(files.look());
        assert!(!files.look());
    }
}
