//! Notices that files have changed, by their content and once a second: the kubelet swaps symbolic links, which file system
//! notifications miss, and a time stamp may go back.

use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};

/// How often files are looked at.
const INTERVAL: Duration = Duration::from_secs(1);

/// Files, and what was in them when last looked at.
#[derive(Debug)]
pub struct FollowedFiles {
    paths: Vec<PathBuf>,
    seen: [u8; 32],
}

impl FollowedFiles {
    /// Takes nothing as seen, so that the first look is a change.
    pub fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths, seen: [0; 32] }
    }

    /// Waits until the content is another one than last seen.
    pub async fn changed(&mut self) {
        while !self.look() {
            tokio::time::sleep(INTERVAL).await;
        }
    }

    fn look(&mut self) -> bool {
        let mut all = Sha256::new();
        for path in &self.paths {
            // A file that cannot be read differs from an empty one.
            match std::fs::read(path) {
                Ok(content) => all.update(Sha256::digest(content)),
                Err(_unreadable) => all.update([1]),
            }
        }
        let found = all.finalize().into();
        let changed = found != self.seen;
        self.seen = found;
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swapped_link_is_a_change_and_the_same_content_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("..data");
        let point_to = |name: &str, content: &str| {
            std::fs::create_dir_all(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join("device.json"), content).unwrap();
            let new = folder.path().join("..new");
            std::os::unix::fs::symlink(name, &new).unwrap();
            std::fs::rename(new, &link).unwrap();
        };
        let mut files = FollowedFiles::new(vec![link.join("device.json")]);
        assert!(files.look());
        assert!(!files.look());
        point_to("one", "1");
        assert!(files.look());
        point_to("same", "1");
        assert!(!files.look());
        point_to("two", "2");
        assert!(files.look());
    }
}
