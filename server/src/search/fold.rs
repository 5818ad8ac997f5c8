//! stub
/// stub
pub fn fold(t: &str) -> String {
    t.to_owned()
}
