//! The scenarios, one file each, in the order in which they run.

mod access;
mod convergence;
mod deletion;
mod documentation;
mod failover;
mod footprint;
mod isolation;
mod ready;
mod writers;

use anyhow::{Result, bail};
use futures::future::LocalBoxFuture;

/// One promise of Brazier, shown on a real cluster.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// One word, by which the command line selects it.
    pub name: &'static str,
    /// What it shows.
    pub shows: &'static str,
    run: fn() -> LocalBoxFuture<'static, Result<()>>,
}

impl Scenario {
    /// Runs it.
    ///
    /// # Errors
    /// With what did not show.
    pub async fn run(&self) -> Result<()> {
        (self.run)().await
    }
}

/// All of them.
pub const ALL: [Scenario; 8] = [
    Scenario {
        name: "ready",
        shows: "one kubectl apply makes clinic, rules and connector Ready, three times over",
        run: || Box::pin(ready::run()),
    },
    Scenario {
        name: "access",
        shows: "a device message becomes an Observation that only those see who may, and the trail has each access",
        run: || Box::pin(access::run()),
    },
    Scenario {
        name: "isolation",
        shows: "nothing of one tenant opens the database or the API of another",
        run: || Box::pin(isolation::run()),
    },
    Scenario {
        name: "failover",
        shows: "a primary that crashes, is deleted or is lost with its node takes no acknowledged write along",
        run: || Box::pin(failover::run()),
    },
    Scenario {
        name: "convergence",
        shows: "an operator that is killed at random moments gets there, leaves nothing over and then keeps still",
        run: || Box::pin(convergence::run()),
    },
    Scenario {
        name: "deletion",
        shows: "a deleted service has its data again when made again, or leaves nothing if told so",
        run: || Box::pin(deletion::run()),
    },
    Scenario {
        name: "footprint",
        shows: "memory of an idle server and an idle operator",
        run: || Box::pin(footprint::run()),
    },
    Scenario {
        name: "documentation",
        shows: "every command of README and docs does what it says",
        run: || Box::pin(documentation::run()),
    },
];

/// Those named, or all.
///
/// # Errors
/// If a name is not known.
pub fn choose(names: &[String]) -> Result<Vec<Scenario>> {
    for name in names {
        if !ALL.iter().any(|scenario| scenario.name == name) {
            let known: Vec<&str> = ALL.iter().map(|scenario| scenario.name).collect();
            bail!("there is no scenario {name}; write one of {}", known.join(", "));
        }
    }
    Ok(ALL
        .into_iter()
        .filter(|scenario| names.is_empty() || names.iter().any(|name| name == scenario.name))
        .collect())
}
