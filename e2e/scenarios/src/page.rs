//! A page of the documentation as a reader follows it: files to write and commands to run, in their order. Pure.
//!
//! A fenced block is a file where the line before it ends with the file's name (`` `clinic.yaml`: ``), and commands where
//! its language is `sh`. Other blocks are there to be read.

/// What a reader does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Writes a file.
    File {
        /// The name, relative to the folder in which the commands run.
        name: String,
        /// What is written into it, to the last line end.
        content: String,
    },
    /// Types commands into a shell.
    Commands {
        /// The line of the page on which the first one stands.
        line: usize,
        /// The commands, as the page has them.
        text: String,
    },
}

/// The steps of a page, or of the section of that title (and what is under it).
///
/// # Errors
/// With the line of a block that says nothing of its language, since nobody can tell whether it is to be run.
pub fn steps(page: &str, section: Option<&str>) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut before = "";
    let mut is_inside = section.is_none();
    let mut lines = (1..).zip(page.lines());
    while let Some((number, line)) = lines.next() {
        if let (Some(section), Some(title)) = (section, line.strip_prefix("## ")) {
            is_inside = title == section;
        }
        let Some(language) = line.strip_prefix("```") else {
            if !line.is_empty() {
                before = line;
            }
            continue;
        };
        if language.is_empty() {
            return Err(format!(
                "the block on line {number} has no language; write ```sh or ```text"
            ));
        }
        let body = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| *line != "```");
        let text: String = body.flat_map(|line| [line, "\n"]).collect();
        if !is_inside {
            continue;
        }
        if language == "sh" {
            steps.push(Step::Commands {
                line: number + 1,
                text,
            });
        } else if let Some(name) = file_name(before) {
            let name = name.to_owned();
            steps.push(Step::File { name, content: text });
        }
    }
    Ok(steps)
}

/// The name in backticks that stands before the last colon of a line.
fn file_name(line: &str) -> Option<&str> {
    let line = line.strip_suffix(':')?;
    let line = line.split_once(" (").map_or(line, |(before, _)| before);
    let (_, name) = line.strip_suffix('`')?.rsplit_once('`')?;
    name.contains('.').then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# A page\n\nA service, `clinic.yaml` (short):\n\n```yaml\nkind: FhirService\n```\n\n\
        ## Then\n\nApply it:\n\n```sh\nkubectl apply -f clinic.yaml\nkubectl wait\n```\n\nIt answers:\n\n```json\n{}\n```\n";

    #[test]
    fn files_and_commands_come_in_the_order_of_the_page() {
        let file = Step::File {
            name: "clinic.yaml".to_owned(),
            content: "kind: FhirService\n".to_owned(),
        };
        let commands = Step::Commands {
            line: 14,
            text: "kubectl apply -f clinic.yaml\nkubectl wait\n".to_owned(),
        };
        assert_eq!(steps(PAGE, None), Ok(vec![file, commands.clone()]));
        assert_eq!(steps(PAGE, Some("Then")), Ok(vec![commands]));
        assert_eq!(steps(PAGE, Some("Never")), Ok(Vec::new()));
    }

    #[test]
    fn a_block_without_a_language_is_a_mistake() {
        let told = steps("```\nkubectl get pods\n```\n", None).unwrap_err();
        assert_eq!(
            told,
            "the block on line 1 has no language; write ```sh or ```text"
        );
    }
}
