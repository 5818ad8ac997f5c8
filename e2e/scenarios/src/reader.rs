//! Somebody who follows the documentation: in a fresh folder, with what `make demo` has built at hand.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use tokio::process::Command;

/// How long the commands of one page may take.
const PATIENCE: Duration = Duration::from_secs(420);

/// Registry of the images that the documentation names as an example, and the tag.
const EXAMPLE: &str = "registry.example.org/brazier-";
const EXAMPLE_TAG: &str = ":0.1.0";

/// A reader with a cluster and this checkout.
pub struct Reader {
    root: PathBuf,
    tag: String,
}

/// A folder that holds what a clone of the repository holds, until it is dropped.
pub struct Folder {
    path: PathBuf,
}

impl Reader {
    /// Reads the pages of `root`.
    ///
    /// # Errors
    /// When the images have no name.
    pub fn new(root: &Path) -> Result<Reader> {
        Ok(Reader {
            root: root.canonicalize()?,
            tag: env::var("IMAGE_TAG").context("IMAGE_TAG names no images: see tasks/revision")?,
        })
    }

    /// What `make demo` does once all is built.
    ///
    /// # Errors
    /// When a step of it fails.
    pub async fn demo(&self) -> Result<()> {
        let mut command = Command::new(self.root.join("tasks/run-demo"));
        command.current_dir(&self.root);
        finish(command, "tasks/run-demo").await.map(drop)
    }

    /// A clone of what is committed, and what is changed besides.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn fresh_folder(&self) -> Result<Folder> {
        let path = env::temp_dir().join(format!("brazier-reader-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        let folder = Folder { path };
        let mut command = Command::new("sh");
        command.current_dir(&self.root).args([
            "-c",
            "git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents --target-directory \"$0\"",
        ]);
        command.arg(&folder.path);
        finish(command, "a copy of the checkout").await?;
        Ok(folder)
    }

    /// An example's file with the images that are in this cluster.
    pub fn in_this_cluster(&self, content: &str) -> String {
        let replaced = content.replace(EXAMPLE, "localhost/brazier-");
        if replaced == content {
            return replaced;
        }
        replaced.replace(EXAMPLE_TAG, &format!(":{}", self.tag))
    }
}

impl Folder {
    /// Writes a file into it.
    ///
    /// # Errors
    /// When that fails.
    pub fn write(&self, name: &str, content: &str) -> Result<()> {
        std::fs::write(self.path.join(name), content).with_context(|| name.to_owned())
    }

    /// Runs commands in it, the first that fails being the last, and gives what they print. What they leave running in
    /// the background ends with them.
    ///
    /// # Errors
    /// When one fails, with what was run and printed.
    pub async fn run(&self, script: &str) -> Result<String> {
        let mut command = Command::new("bash");
        command
            .current_dir(&self.path)
            .args(["-euxo", "pipefail", "-c"])
            .arg(format!(
                "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\nexec 2>&1\n{script}"
            ));
        finish(command, "the commands").await
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.path).ok();
    }
}

async fn finish(mut command: Command, what: &str) -> Result<String> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let Ok(output) = tokio::time::timeout(PATIENCE, command.output()).await else {
        bail!("{what}: not done after {} s", PATIENCE.as_secs());
    };
    let output = output.with_context(|| what.to_owned())?;
    let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
    printed.push_str(&String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{what} failed: {printed}");
    Ok(printed)
}
