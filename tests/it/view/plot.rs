//! What a panel draws.

mod figures;
mod lines;
mod stacks;

use super::*;
