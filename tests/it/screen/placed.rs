//! The real window where it was left: its place, its size, and whether it fills the screen.

use super::*;

fn settings_path(desktop: &Desktop) -> std::path::PathBuf {
    desktop.folder().join("config/collectoscope/settings.toml")
}

/// As an earlier window left them.
fn leave(desktop: &Desktop, settings: &str) {
    let path = settings_path(desktop);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, settings).unwrap();
}

/// Waits until all of this is kept.
fn until_kept(desktop: &Desktop, lines: &[&str]) {
    until("settings", || {
        let kept = fs::read_to_string(settings_path(desktop)).ok()?;
        lines.iter().all(|line| kept.lines().any(|one| one == *line)).then_some(())
    });
}

#[test]
fn the_window_is_there_again_where_it_was_left() {
    let desktop = Desktop::start();
    leave(&desktop, "size = [700.0, 500.0]\n");
    let mut window = desktop.open(&[]);
    let first = window.geometry();
    window.move_to(250, 330);
    let left = until("another place", || Some(window.geometry()).filter(|now| *now != first));
    // Closed at once; what has just been done is kept all the same.
    assert!(window.close().success());
    drop(window);
    let again = desktop.open(&[]);
    until("the place", || (again.geometry() == left).then_some(()));
    desktop.picture("placed");
}

#[test]
fn a_window_that_filled_the_screen_does_so_again_and_still_knows_its_size() {
    let desktop = Desktop::start();
    leave(&desktop, "size = [700.0, 500.0]\n");
    let mut window = desktop.open(&[]);
    assert_eq!(window.size(), (700, 500));
    window.maximise();
    until("a large window", || (window.size().0 == 1_280).then_some(()));
    until_kept(&desktop, &["maximized = true", "size = [700.0, 500.0]"]);
    assert!(window.close().success());
    drop(window);
    let mut again = desktop.open(&[]);
    until("a large window", || (again.size().0 == 1_280).then_some(()));
    again.maximise();
    until("the size before", || (again.size() == (700, 500)).then_some(()));
    until_kept(&desktop, &["maximized = false", "size = [700.0, 500.0]"]);
    assert!(again.close().success());
}

#[test]
fn a_place_that_is_on_no_screen_is_not_where_the_window_opens() {
    // No window manager, which might bring it back itself.
    let desktop = Desktop::bare();
    for (place, expected) in
        [([200, 150], [200, 150]), ([5_000, 4_000], [580, 700]), ([-3_000, -50], [0, 0])]
    {
        leave(&desktop, &format!("size = [700.0, 500.0]\nplace = {place:?}\n"));
        let window = desktop.open(&[]);
        let [x, y, width, height] = window.geometry();
        assert_eq!(([x, y], [width, height]), (expected, [700, 500]), "{place:?}");
    }
}
