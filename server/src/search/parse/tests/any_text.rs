//! Whatever a client writes, the parser answers.

use super::*;

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(name in "\\PC*", value in "\\PC*", lenient: bool) {
        let parameters = [(name, value)];
        for searched in [types(""), types("Patient"), types("Observation Location")] {
            let request = SearchRequest {
                resource_types: &searched,
                parameters: &parameters,
                lenient,
                base_url: BASE,
            };
            parse(fixture::r4().search_parameters(), &request).ok();
        }
    }

    #[test]
    fn no_value_makes_a_parameter_panic(
        index in 0..2000_usize,
        modifier in "(:(missing|exact|contains|not|text|of-type|identifier|below|above|Patient))?",
        value in "(eq|ne|gt|sa|ap|)[-+0-9eET:.Z|$,\\\\ a-cä]{0,40}",
    ) {
        let registry = fixture::r4().search_parameters();
        let parameter = registry.all().nth(index % registry.count()).unwrap();
        let request = SearchRequest {
            resource_types: &[parameter.resource_type],
            parameters: &[(format!("{}{modifier}", parameter.code), value)],
            lenient: false,
            base_url: BASE,
        };
        parse(fixture::r4().search_parameters(), &request).ok();
    }
}
