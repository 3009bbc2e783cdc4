//! What is said about a setting that can't be taken.

use super::*;

#[test]
fn flags_that_exclude_each_other_do_so_wherever_they_come_from() {
    let message = parse_with(
        &[LISTEN],
        &[("EASTWEST_OFFLINE", "true")],
        Some("upstream: [a]"),
    )
    .unwrap_err();
    assert!(message.contains("cannot be used with"), "{message}");
    assert!(
        message.contains("FILE:1:11") || message.contains("EASTWEST_OFFLINE"),
        "{message}"
    );
}

#[test]
fn a_mistyped_flag_gets_a_suggestion() {
    let message = parse_with(&[LISTEN, "--drain-grase", "1s"], &[], None).unwrap_err();
    assert!(message.contains("--drain-grace"), "{message}");
}

#[test]
fn a_mistyped_key_is_an_error_with_place_and_suggestion() {
    let message = parse_with(&[LISTEN], &[], Some("# ours\ndrain_grase: 1s\n")).unwrap_err();
    assert_eq!(
        message,
        "FILE:2:1: unknown key `drain_grase`; did you mean `drain-grace`?"
    );
    let message = parse_with(&[LISTEN], &[], Some("zzz: 1\n")).unwrap_err();
    assert!(message.contains("keys are the long flags"), "{message}");
}

#[test]
fn a_settings_file_cannot_name_another() {
    let message = parse_with(&[LISTEN], &[], Some("config: other.yaml")).unwrap_err();
    assert!(
        message.ends_with("a settings file cannot name another one"),
        "{message}"
    );
}

#[test]
fn a_value_of_the_wrong_type_is_an_error_with_its_place() {
    let message = |text| parse_with(&[LISTEN], &[], Some(text)).unwrap_err();
    assert_eq!(
        message("drain-grace:\n  seconds: 3\n"),
        "FILE:2:3: `drain-grace` takes one value, but this is a map"
    );
    assert_eq!(
        message("drain-grace: [1s, 2s]\n"),
        "FILE:1:14: `drain-grace` takes one value, but this is a list"
    );
    let empty = message("drain-grace:\n");
    assert!(
        empty.contains("but this is empty (leave the line out"),
        "{empty}"
    );
}

#[test]
fn a_value_that_the_flag_refuses_names_the_place_or_the_variable() {
    let message = parse_with(&[LISTEN], &[], Some("\ndrain-grace: 10\n")).unwrap_err();
    assert!(
        message.starts_with("FILE:2:14: invalid value '10' for '--drain-grace"),
        "{message}"
    );
    assert!(
        message.ends_with("write 10ms for milliseconds, 10s for seconds or 10d for days"),
        "{message}"
    );
    let env = [("EASTWEST_DRAIN_GRACE", "soon")];
    let message = parse_with(&[LISTEN], &env, None).unwrap_err();
    assert!(
        message.starts_with("EASTWEST_DRAIN_GRACE: invalid value 'soon'"),
        "{message}"
    );
}

#[test]
fn broken_yaml_and_a_key_twice_are_errors_with_their_place() {
    let message = |text| parse_with(&[LISTEN], &[], Some(text)).unwrap_err();
    assert_eq!(
        message("drain-grace: 1s\ndrain-grace: 2s\n"),
        "FILE:2:1: the key `drain-grace` is given twice, first at 1:1"
    );
    assert_eq!(
        message("drain-grace: [1s\n"),
        "FILE:1:14: unclosed bracket '['"
    );
    let list = message("- drain-grace\n");
    assert!(
        list.starts_with("FILE: ") && list.contains("a map of settings"),
        "{list}"
    );
}

#[test]
fn a_file_that_is_not_there_is_an_error_that_names_it() {
    let words = [LISTEN, "--config", "/nonexistent/settings.yaml"];
    let message = parse_with(&words, &[], None).unwrap_err();
    assert!(
        message.starts_with("/nonexistent/settings.yaml: cannot read"),
        "{message}"
    );
    let env = [("EASTWEST_CONFIG", "/nonexistent/other.yaml")];
    let message = parse_with(&[LISTEN], &env, None).unwrap_err();
    assert!(
        message.starts_with("/nonexistent/other.yaml: cannot read"),
        "{message}"
    );
}

#[test]
fn a_mistyped_variable_is_warned_of_with_a_suggestion() {
    let warnings = |name| {
        parse_with(&[LISTEN], &[(name, "x")], None)
            .unwrap()
            .warnings
    };
    assert_eq!(
        warnings("EASTWEST_DRAIN_GRASE"),
        [
            "the environment variable EASTWEST_DRAIN_GRASE is not a setting of this program and has \
          no effect; did you mean EASTWEST_DRAIN_GRACE?"
        ]
    );
    assert_eq!(warnings("WESTEAST_DRAIN_GRACE"), Vec::<String>::new());
}

#[test]
fn the_variables_that_kubernetes_adds_for_services_are_not_warned_of() {
    let env = [
        ("EASTWEST_GATEWAY_SERVICE_HOST", "10.96.0.7"),
        ("EASTWEST_GATEWAY_SERVICE_PORT", "15443"),
        ("EASTWEST_GATEWAY_SERVICE_PORT_TLS", "15443"),
        ("EASTWEST_GATEWAY_PORT", "tcp://10.96.0.7:15443"),
        ("EASTWEST_GATEWAY_PORT_15443_TCP", "tcp://10.96.0.7:15443"),
        ("EASTWEST_GATEWAY_PORT_15443_TCP_PROTO", "tcp"),
        ("EASTWEST_GATEWAY_PORT_15443_TCP_PORT", "15443"),
        ("EASTWEST_GATEWAY_PORT_15443_TCP_ADDR", "10.96.0.7"),
    ];
    assert_eq!(
        parse_with(&[LISTEN], &env, None).unwrap().warnings,
        Vec::<String>::new()
    );
}
