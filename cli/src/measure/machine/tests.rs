use super::*;

#[test]
fn idle_time_is_no_work_and_stolen_time_is_told_apart() {
    let tick = clock_ticks_per_second();
    let stat = format!(
        "cpu  {tick} {tick} {tick} 99999 88888 {tick} {tick} {} 7 7\ncpu0 1 2 3\n",
        2 * tick
    );
    let busy = busy(&stat).unwrap();
    assert_eq!(busy.used, Duration::from_secs(5));
    assert_eq!(busy.stolen, Duration::from_secs(2));
}

#[test]
fn a_line_that_is_too_short_is_none() {
    assert_eq!(busy("cpu  1 2 3 4\n"), None);
    assert_eq!(busy("cpu0 1 2 3 4 5 6 7 8\n"), None);
    assert_eq!(busy("cpu  1 2 x 4 5 6 7 8\n"), None);
}

fn stat(name: &str, parent: u32, user: u64, system: u64) -> Process {
    let text = format!("7 ({name}) S {parent} 7 7 0 -1 4 1 2 3 4 {user} {system} 0 0 20 0 1 0 5");
    process(&text).unwrap()
}

#[test]
fn a_name_may_hold_brackets_and_spaces() {
    let tick = clock_ticks_per_second();
    let process = stat("a) (b", 3, tick, 2 * tick);
    assert_eq!(process.name, "a) (b");
    assert_eq!(process.parent, 3);
    assert_eq!(process.used, Duration::from_secs(3));
}

#[test]
fn neighbours_are_those_that_ran_meanwhile_and_are_not_our_own() {
    let tick = clock_ticks_per_second();
    let before = Processes(BTreeMap::from([(5, stat("old", 1, 9 * tick, 0))]));
    let after = Processes(BTreeMap::from([
        (1, stat("init", 0, 0, 0)),
        (5, stat("old", 1, 9 * tick, 0)),
        (6, stat("builder", 1, 4 * tick, tick)),
        (10, stat("own", 1, 9 * tick, 0)),
        (11, stat("child", 10, 9 * tick, 0)),
        (12, stat("grandchild", 11, 9 * tick, 0)),
    ]));
    let others = after.others_since(&before, 10, Duration::from_secs(60));
    let expected = Neighbour {
        name: "builder".to_owned(),
        used_ms: 5000,
    };
    assert_eq!(others, [expected]);
}

#[test]
fn this_machine_can_be_read() {
    assert!(Busy::now().unwrap().used > Duration::ZERO);
    assert!(Processes::now().0.contains_key(&std::process::id()));
    assert_eq!(load_average().split(' ').count(), 3);
}
