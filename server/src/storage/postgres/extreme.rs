//! Which of a parameter's values in a resource is the smallest and which the largest: what `_sort` goes by. Pure.

use std::collections::HashMap;

use crate::definitions::search_parameter::ParameterId;

/// `extreme`: the smallest value of a parameter in a resource.
pub const SMALLEST: i16 = 1;
/// `extreme`: the largest.
pub const LARGEST: i16 = 2;

/// Position and value of the smallest and of the largest.
type Ends<'a, T> = ((usize, &'a T), (usize, &'a T));

/// For each value whether it is its parameter's smallest or largest; one of each a parameter.
pub fn extremes<'a, T: Ord + 'a>(values: impl Iterator<Item = (ParameterId, &'a T)>) -> Vec<i16> {
    let mut ends: HashMap<ParameterId, Ends<'a, T>> = HashMap::new();
    let mut count = 0;
    for (index, (parameter, value)) in values.enumerate() {
        count = index + 1;
        let (smallest, largest) = ends.entry(parameter).or_insert(((index, value), (index, value)));
        if value < smallest.1 {
            *smallest = (index, value);
        }
        if value > largest.1 {
            *largest = (index, value);
        }
    }
    let mut marks = vec![0; count];
    for ((smallest, _), (largest, _)) in ends.into_values() {
        marks[smallest] |= SMALLEST;
        marks[largest] |= LARGEST;
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_has_one_smallest_and_one_largest_value() {
        let (a, b) = (ParameterId(1), ParameterId(2));
        let values = [(a, 5), (a, 1), (b, 3), (a, 9)];
        let marks = extremes(values.iter().map(|(parameter, value)| (*parameter, value)));
        assert_eq!(marks, [0, SMALLEST, SMALLEST | LARGEST, LARGEST]);
    }
}
