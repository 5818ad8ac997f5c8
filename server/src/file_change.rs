//! Notices that mounted files have changed. It looks at their content from time to time, because the kubelet swaps
//! symbolic links, which file system notifications miss, and because a time stamp may go back.

use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};

/// How often files are looked at.
pub const INTERVAL: Duration = Duration::from_secs(3);

/// Files, and what was in them when last looked at.
#[derive(Debug)]
pub struct WatchedFiles {
    paths: Vec<PathBuf>,
    seen: [u8; 32],
}

impl WatchedFiles {
    /// Takes the present content as seen.
    pub fn new(paths: Vec<PathBuf>) -> WatchedFiles {
        let seen = digest(&paths);
        WatchedFiles { paths, seen }
    }

    /// Waits until the content differs from what was last seen, and takes the new content as seen.
    pub async fn changed(&mut self) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            if self.look() {
                return;
            }
        }
    }

    /// Whether the content differs from what was last seen; takes it as seen.
    fn look(&mut self) -> bool {
        let found = digest(&self.paths);
        let changed = found != self.seen;
        self.seen = found;
        changed
    }
}

/// A file that cannot be read counts as one with no content: it may be about to be replaced.
fn digest(paths: &[PathBuf]) -> [u8; 32] {
    let mut all = Sha256::new();
    for path in paths {
        let content = std::fs::read(path).unwrap_or_default();
        all.update(Sha256::digest(content));
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
        for (name, content) in [("one", "1"), ("copy", "1"), ("two", "2")] {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let point_to = |name: &str| {
            let new = folder.path().join("new");
            std::os::unix::fs::symlink(folder.path().join(name), &new).unwrap();
            std::fs::rename(new, &link).unwrap();
        };
        point_to("one");
        let mut files = WatchedFiles::new(vec![link.clone()]);
        assert!(!files.look());
        point_to("copy");
        assert!(!files.look());
        point_to("two");
        assert!(files.look());
        assert!(!files.look());
        std::fs::remove_file(&link).unwrap();
        assert!(files.look());
    }
}
