use std::collections::HashSet;

use super::Fault;

#[test]
fn every_fault_is_found_by_a_name_of_its_own() {
    let names: HashSet<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
    assert_eq!(names.len(), Fault::ALL.len());
    for fault in Fault::ALL {
        assert_eq!(Fault::named(fault.name()), Some(fault));
    }
    assert_eq!(Fault::named("flood"), None);
}
