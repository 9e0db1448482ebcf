//! The section of README.md that the figures stand in, between two markers.

use crate::Error;

const BEGIN: &str = "<!-- bench -->\n";
const END: &str = "<!-- /bench -->\n";

/// The text with another section.
pub(super) fn replaced(text: &str, section: &str) -> Result<String, Error> {
    let parts = text.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let Some((before, after)) = parts else {
        return Err(Error::failed(
            format!(
                "README.md has no place for the figures: `{}` .. `{}`",
                BEGIN.trim(),
                END.trim()
            ),
            "restore both lines, each alone on its line, in its section `Performance`",
        ));
    };
    Ok(format!("{before}{BEGIN}{section}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_is_replaced_as_often_as_one_likes() {
        let text = "# A\n\n<!-- bench -->\nold\n<!-- /bench -->\n\n## B\n";
        let once = replaced(text, "new\n").unwrap();
        assert_eq!(once, "# A\n\n<!-- bench -->\nnew\n<!-- /bench -->\n\n## B\n");
        assert_eq!(replaced(&once, "new\n").unwrap(), once);
    }

    #[test]
    fn a_text_without_both_markers_is_left_alone() {
        for text in ["", "<!-- bench -->\n", "<!-- /bench -->\n<!-- bench -->\n"] {
            assert!(replaced(text, "new\n").is_err(), "{text}");
        }
    }
}
