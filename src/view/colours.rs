//! Colours of lines: of what stands for one thing, and in turn for all else, as the user may
//! choose them.
//!
//! Numbers only; the colours of everything else are in `ui/theme.rs`.

use super::role::Role;
use std::fmt;
use std::str::FromStr;

/// One colour in both themes, as 0xRRGGBB each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shades {
    /// On a dark ground.
    pub dark: u32,
    /// On a light one.
    pub light: u32,
}

/// What the user chose, and for all else what is built in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Colours {
    /// In turn, for lines without a role; none: the built-in ones.
    pub lines: Vec<Shades>,
    /// Of roles.
    pub roles: Vec<(Role, Shades)>,
}

/// Okabe and Ito's eight, of which those that are too dark or too light for one of the themes are
/// another one there. In this order the nearest two of the first ones are as far apart as can be,
/// also for those who do not see red and green.
const LINES: [Shades; 8] = [
    Shades::new(0x3D_9BDC, 0x00_72B2),
    Shades::one(0xE6_9F00),
    Shades::new(0x1B_B58A, 0x00_9E73),
    Shades::one(0xCC_79A7),
    Shades::one(0xD5_5E00),
    Shades::new(0xE4_E8EE, 0x18_202A),
    Shades::one(0x56_B4E9),
    Shades::new(0xF0_E442, 0xB7_9F00),
];

impl Shades {
    const fn new(dark: u32, light: u32) -> Self {
        Self { dark, light }
    }

    const fn one(both: u32) -> Self {
        Self::new(both, both)
    }

    /// Of a role that the user chose none for.
    pub const fn of(role: Role) -> Self {
        match role {
            Role::User | Role::Used | Role::Short | Role::Running => {
                Self::new(0x3D_9BDC, 0x00_72B2)
            }
            Role::System => Self::one(0xD5_5E00),
            Role::Wait | Role::Blocked | Role::Kernel | Role::Reserved => Self::one(0xCC_79A7),
            Role::Nice | Role::Buffered | Role::Long | Role::Stopped => {
                Self::new(0x1B_B58A, 0x00_9E73)
            }
            Role::Softirq
            | Role::Tx
            | Role::Write
            | Role::Mid
            | Role::Reclaimable
            | Role::Paging => Self::one(0xE6_9F00),
            Role::Interrupt => Self::new(0xF0_E442, 0xB7_9F00),
            Role::Rx | Role::Read | Role::Cached => Self::one(0x56_B4E9),
            // As what is bad and what warns.
            Role::Steal | Role::RxError | Role::Zombies => Self::new(0xEF_6470, 0xC6_2839),
            Role::TxError => Self::new(0xE7_A83C, 0xA8_6A00),
            Role::Guest => Self::new(0xA9_8CE0, 0x7A_4FC4),
            Role::Idle | Role::Free | Role::Sleeping => Self::new(0x4A_5563, 0xC3_CBD5),
        }
    }
}

impl Colours {
    /// Of a line: that of its role, else number `free` of those in turn.
    pub fn of(&self, role: Option<Role>, free: usize) -> Shades {
        let Some(role) = role else {
            let lines = self.in_turn();
            return lines.get(free % lines.len().max(1)).copied().unwrap_or(Shades::one(0));
        };
        let chosen = self.roles.iter().find(|(of, _)| *of == role);
        chosen.map_or_else(|| Shades::of(role), |(_, shades)| *shades)
    }

    /// How many lines differ by colour alone.
    pub fn count(&self) -> usize {
        self.in_turn().len()
    }

    /// Those that the user chose, else the built-in ones.
    pub fn in_turn(&self) -> &[Shades] {
        if self.lines.is_empty() { &LINES } else { &self.lines }
    }
}

impl FromStr for Shades {
    type Err = String;

    /// `#3D9BDC`, or `#3D9BDC #0072B2` for the dark theme and the light one.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split(' ');
        let colour = |word: &str| {
            let digits = word.strip_prefix('#').filter(|digits| digits.len() == 6)?;
            // A sign is no digit.
            let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)
        };
        let read = match [words.next(), words.next(), words.next()] {
            [Some(both), None, _] => colour(both).map(Self::one),
            [Some(dark), Some(light), None] => {
                colour(dark).zip(colour(light)).map(|(dark, light)| Self::new(dark, light))
            }
            _ => None,
        };
        read.ok_or_else(|| {
            "not a colour; write one as \"#0072B2\", or one for the dark theme and one for the \
             light one as \"#3D9BDC #0072B2\""
                .to_owned()
        })
    }
}

impl fmt::Display for Shades {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dark, light } = self;
        write!(f, "#{dark:06X}")?;
        if light == dark { Ok(()) } else { write!(f, " #{light:06X}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_read_as_it_is_written_and_what_is_none_is_refused() {
        for text in ["#0072B2", "#3D9BDC #0072B2", "#000000"] {
            assert_eq!(text.parse::<Shades>().unwrap().to_string(), text);
        }
        assert_eq!("#00ff7f #00FF7F".parse::<Shades>().unwrap().to_string(), "#00FF7F");
        for wrong in [
            "",
            "red",
            "0072B2",
            "#07B",
            "#0072B2F",
            "#+072B2",
            "#0072é",
            "#1 #2",
            "#000000 ",
            "#000000 #000000 #000000",
        ] {
            let why = wrong.parse::<Shades>().unwrap_err();
            assert!(why.starts_with("not a colour; write one as \"#0072B2\""), "{wrong}: {why}");
        }
    }

    #[test]
    fn the_first_eight_lines_differ_in_both_themes() {
        for shade in [|shades: Shades| shades.dark, |shades: Shades| shades.light] {
            let mut all: Vec<_> = LINES.into_iter().map(shade).collect();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), 8);
        }
    }

    #[test]
    fn what_is_chosen_goes_before_what_is_built_in() {
        let red = Shades::one(0xFF_0000);
        let chosen = Colours { lines: vec![red, Shades::one(1)], roles: vec![(Role::Rx, red)] };
        assert_eq!((chosen.of(Some(Role::Rx), 5), chosen.of(None, 2)), (red, red));
        assert_eq!(chosen.of(Some(Role::Tx), 0), Shades::of(Role::Tx));
        assert_eq!(Colours::default().of(None, 9), LINES[1]);
        assert_eq!((chosen.count(), Colours::default().count()), (2, 8));
    }
}
