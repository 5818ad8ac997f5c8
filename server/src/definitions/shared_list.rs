//! A list that grows without being copied: what the standard defines stands first and is shared by all lists that
//! extend it, so that a place in one is the same place in all.

use std::ops::Index;
use std::sync::Arc;

/// Items by their places.
#[derive(Debug)]
pub struct SharedList<T> {
    standard: Arc<Vec<T>>,
    added: Vec<Arc<T>>,
}

impl<T> SharedList<T> {
    /// The item at `place`.
    pub fn get(&self, place: usize) -> Option<&T> {
        match place.checked_sub(self.standard.len()) {
            None => self.standard.get(place),
            Some(place) => self.added.get(place).map(AsRef::as_ref),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.standard.len() + self.added.len()
    }

    /// All of them in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.standard.iter().chain(self.added.iter().map(AsRef::as_ref))
    }

    /// Adds an item, whose place is the former [`len`](Self::len).
    pub fn push(&mut self, item: T) {
        self.added.push(Arc::new(item));
    }
}

impl<T> Index<usize> for SharedList<T> {
    type Output = T;

    fn index(&self, place: usize) -> &T {
        match place.checked_sub(self.standard.len()) {
            None => &self.standard[place],
            Some(place) => &self.added[place],
        }
    }
}

impl<T> From<Vec<T>> for SharedList<T> {
    fn from(mut standard: Vec<T>) -> Self {
        standard.shrink_to_fit();
        SharedList {
            standard: Arc::new(standard),
            added: Vec::new(),
        }
    }
}

impl<T> Default for SharedList<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T> Clone for SharedList<T> {
    fn clone(&self) -> Self {
        SharedList {
            standard: Arc::clone(&self.standard),
            added: self.added.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extended_list_has_the_same_items_at_the_same_places() {
        let standard = SharedList::from(vec!["a", "b"]);
        let mut extended = standard.clone();
        extended.push("c");
        let mut further = extended.clone();
        further.push("d");
        assert_eq!(standard.iter().copied().collect::<String>(), "ab");
        assert_eq!(extended.iter().copied().collect::<String>(), "abc");
        assert_eq!(further.iter().copied().collect::<String>(), "abcd");
        assert_eq!(
            (further.get(0), further.get(2), further.get(4)),
            (Some(&"a"), Some(&"c"), None)
        );
        assert!(std::ptr::eq(further.get(1).unwrap(), standard.get(1).unwrap()));
        assert!(std::ptr::eq(further.get(2).unwrap(), extended.get(2).unwrap()));
        assert_eq!((standard.len(), further.len()), (2, 4));
    }
}
