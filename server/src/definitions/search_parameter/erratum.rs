//! What the standard's own search parameters say by mistake. Each erratum has its source; whoever reads the generated
//! definitions gets what is meant. The list is kept by hand, and an erratum that no longer applies fails a test.

use std::borrow::Cow;

/// A line for each: the id of the parameter, what its line in the definitions says, what is meant, where the mistake is
/// described, and what it is.
const LINES: &str = include_str!("../../../definitions/search-parameter-errata.tsv");

/// A line of the definitions as it is meant.
pub fn corrected(line: &str) -> Cow<'_, str> {
    let id = line.split('\t').next().unwrap_or_default();
    let errata = LINES.lines().filter_map(|erratum| {
        let mut columns = erratum.split('\t');
        (columns.next()? == id).then_some((columns.next()?, columns.next()?))
    });
    errata.fold(Cow::Borrowed(line), |line, (said, meant)| {
        Cow::Owned(line.replace(said, meant))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_erratum_is_of_a_line_that_there_is_and_has_a_source() {
        let definitions = include_str!("../../../definitions/search-parameters.tsv");
        for erratum in LINES.lines() {
            let columns: Vec<&str> = erratum.split('\t').collect();
            let [id, said, meant, source, mistake] = columns[..] else {
                panic!("{erratum}")
            };
            assert!(source.starts_with("https://") && !mistake.is_empty(), "{erratum}");
            let start = format!("{id}\t");
            let mut lines = definitions.lines().filter(|line| line.starts_with(&start));
            let line = lines.next().unwrap();
            assert!(line.contains(said), "{erratum} does not apply any more");
            assert_eq!(corrected(line), line.replace(said, meant));
        }
    }

    #[test]
    fn other_lines_stay_what_they_are() {
        assert!(matches!(corrected("Patient-name\tname"), Cow::Borrowed(_)));
    }
}
