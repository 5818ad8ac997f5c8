//! The memory limit of the control group in which a process runs: what the limit of a container is to the kernel. In version 2
//! `memory.max` <https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files>, in version 1
//! `memory.limit_in_bytes` <https://docs.kernel.org/admin-guide/cgroup-v1/memory.html>.

/// Where control groups are, in containers and outside of them.
const MOUNTED: &str = "/sys/fs/cgroup";

/// More than any machine has: version 1 names a number of this size where there is no limit.
const NO_LIMIT: u64 = 1 << 60;

/// The limit of this process, in bytes; `None` when it has none, or none can be found.
pub fn of_this_process() -> Option<u64> {
    limit(|path| std::fs::read_to_string(path).ok())
}

/// The least limit of the process's group and of those above it, all of which hold. `read` gives the text of a file, if there is
/// one. Pure but for that.
fn limit(read: impl Fn(&str) -> Option<String>) -> Option<u64> {
    let groups = read("/proc/self/cgroup")?;
    let hierarchies = groups.lines().filter_map(hierarchy);
    let files = hierarchies.flat_map(|(folder, file, group)| {
        // In a container the group's own folder may be what is mounted: then the last of these is the container's.
        upwards(group).map(move |group| format!("{MOUNTED}{folder}{group}/{file}"))
    });
    files.filter_map(|file| bytes(&read(&file)?)).min()
}

/// A line of `/proc/self/cgroup`, `ID:CONTROLLERS:GROUP`, if it is of the hierarchy that counts memory: the hierarchy's folder, the
/// name of the files with limits, and the group.
fn hierarchy(line: &str) -> Option<(&'static str, &'static str, &str)> {
    let mut parts = line.splitn(3, ':');
    let (_id, controllers, group) = (parts.next()?, parts.next()?, parts.next()?);
    if controllers.is_empty() {
        Some(("", "memory.max", group))
    } else if controllers.split(',').any(|controller| controller == "memory") {
        Some(("/memory", "memory.limit_in_bytes", group))
    } else {
        None
    }
}

/// The group and all above it: `/a/b`, `/a`, and the uppermost, which has no name.
fn upwards(group: &str) -> impl Iterator<Item = &str> {
    let group = group.trim_end_matches('/');
    std::iter::successors(Some(group), |group| {
        group.rsplit_once('/').map(|(above, _name)| above)
    })
}

/// A limit as the kernel writes it; `None` for `max`, and for what is more than there is.
fn bytes(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|bytes| *bytes < NO_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found where these files are: path and text.
    fn found(files: &[(&str, &str)]) -> Option<u64> {
        limit(|path| {
            let (_, text) = files.iter().find(|(file, _)| *file == path)?;
            Some((*text).to_owned())
        })
    }

    #[test]
    fn version_2_in_a_container_that_sees_its_own_group_as_the_uppermost() {
        let of = |limit| {
            found(&[
                ("/proc/self/cgroup", "0::/\n"),
                ("/sys/fs/cgroup/memory.max", limit),
            ])
        };
        assert_eq!(of("536870912\n"), Some(512 << 20));
        assert_eq!(of("max\n"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn version_2_with_limits_on_the_way_up() {
        let of = |service, slice| {
            found(&[
                ("/proc/self/cgroup", "0::/a.slice/b.service\n"),
                ("/sys/fs/cgroup/a.slice/b.service/memory.max", service),
                ("/sys/fs/cgroup/a.slice/memory.max", slice),
            ])
        };
        assert_eq!(of("max\n", "314572800\n"), Some(300 << 20));
        assert_eq!(of("209715200\n", "314572800\n"), Some(200 << 20));
        assert_eq!(of("max\n", "max\n"), None);
    }

    #[test]
    fn version_1_in_a_container_whose_group_is_what_is_mounted() {
        let groups = "5:devices:/kubepods/pod1/c1\n4:cpu,memory:/kubepods/pod1/c1\n1:name=systemd:/x\n0::/\n";
        let of = |limit| {
            found(&[
                ("/proc/self/cgroup", groups),
                ("/sys/fs/cgroup/memory/memory.limit_in_bytes", limit),
            ])
        };
        assert_eq!(of("1073741824\n"), Some(1 << 30));
        assert_eq!(of("9223372036854771712\n"), None);
    }

    #[test]
    fn version_1_in_a_container_that_sees_all_groups() {
        let limit = found(&[
            ("/proc/self/cgroup", "4:memory:/node/kubepods/pod1/c1\n0::/\n"),
            (
                "/sys/fs/cgroup/memory/node/kubepods/pod1/c1/memory.limit_in_bytes",
                "1073741824\n",
            ),
            ("/sys/fs/cgroup/memory/node/memory.limit_in_bytes", "4294967296\n"),
            (
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                "9223372036854771712\n",
            ),
        ]);
        assert_eq!(limit, Some(1 << 30));
    }

    #[test]
    fn where_there_are_no_groups_there_is_no_limit() {
        assert_eq!(found(&[]), None);
        assert_eq!(
            found(&[("/proc/self/cgroup", "nonsense\n\n0::/../other\n")]),
            None
        );
    }
}
