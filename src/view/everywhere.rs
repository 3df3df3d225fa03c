//! Everywhere: one plugin instance of all hosts, on a tab of its own.
//!
//! Such a tab is known by what is on it and not by a mark: as soon as the user changes something
//! there it is his own, and nothing replaces it.

use super::layout::{Layout, Rule};
use super::selector::{Field, Selector};
use crate::metric::with_instance;

/// What chooses a plugin instance of all hosts.
pub fn selector(plugin: &str, instance: &str) -> Selector {
    Selector::new(&words(plugin, instance))
}

/// Its text.
pub fn words(plugin: &str, instance: &str) -> String {
    [Field::Plugin.exactly(plugin), Field::Instance.exactly(instance)].join(" ")
}

/// The text of the selector whose plugin these tiles show, if that is all that is there and
/// nothing was changed since it was drawn.
pub fn shown(tiles: &Layout) -> Option<&str> {
    let rules = tiles.rules();
    let (first, rest) = rules.split_first()?;
    let text = chosen(first)?;
    let is_same = |rule: &&Rule| chosen(rule) == Some(text);
    let is_even = || *tiles == Layout::of(rules.iter().copied().cloned());
    (rest.iter().all(is_same) && is_even()).then_some(text)
}

/// The words of a rule that choose a plugin instance, if it chooses nothing else that differs from
/// what [`selector`] makes but a part of it.
fn chosen(rule: &Rule) -> Option<&str> {
    let Rule { show, hide, title: None, style: None, y: None, .. } = rule else { return None };
    let [show] = show.as_slice() else { return None };
    let mut words = show.name_words();
    let (Some(Field::Plugin), plugin) = words.next()? else { return None };
    let (Some(Field::Instance), instance) = words.next()? else { return None };
    let parts = [Field::Type, Field::TypeInstance, Field::Ds];
    let is_part = |field: Option<Field>| field.is_some_and(|field| parts.contains(&field));
    if !hide.is_empty() || show.has_state() || !words.all(|(field, _)| is_part(field)) {
        return None;
    }
    let text = show.text().get(plugin.start..instance.end)?;
    // Of several plugins, or of those like this one: somebody typed it.
    (plugin.start == 0 && !text.contains(['*', '?', '|']) && !text.contains(":/")).then_some(text)
}

/// What a tab with such tiles is called: `load · all hosts`.
pub fn title(tiles: &Layout) -> Option<String> {
    let words = Selector::new(shown(tiles)?);
    let (plugin, instance) = (words.value(Field::Plugin)?, words.value(Field::Instance)?);
    Some(format!("{} · all hosts", with_instance(&plugin, &instance)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::names::PanelId;

    fn rule(words: &str) -> Rule {
        Rule::new(PanelId(0), vec![Selector::new(words)])
    }

    #[test]
    fn tiles_of_one_plugin_of_all_hosts_are_known_until_they_are_changed() {
        let text = selector("cpu", "").text().to_owned();
        let rules = [rule(&text), rule(&format!("{text} type:percent")), rule(&text)];
        let tiles = Layout::of(rules.clone());
        assert_eq!(shown(&tiles), Some(text.as_str()));
        assert_eq!(title(&tiles).as_deref(), Some("cpu · all hosts"));
        assert_eq!(
            title(&Layout::of([rule("plugin:df instance:root")])).unwrap(),
            "df-root · all hosts"
        );
        let quoted = Layout::of([rule(r#"plugin:exec instance:"say \"hi\"""#)]);
        assert_eq!(title(&quoted).as_deref(), Some(r#"exec-say "hi" · all hosts"#));
        let [one, two, _] = rules;
        let titled = Rule { title: Some("mine".into()), ..one.clone() };
        let other = rule(selector("load", "").text());
        for changed in [
            Layout::of([titled, two.clone()]),
            Layout::of([one.clone(), other]),
            Layout::in_rows(vec![one, two], 1),
            Layout::default(),
        ] {
            assert_eq!(shown(&changed), None);
        }
    }

    #[test]
    fn what_somebody_typed_is_no_such_selector() {
        for words in [
            "plugin:c* instance:\"\"",
            "plugin:cpu",
            "plugin:a|b instance:0",
            "host:a plugin:b instance:c",
        ] {
            assert_eq!(shown(&Layout::of([rule(words)])), None, "{words}");
        }
    }
}
