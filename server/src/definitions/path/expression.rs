//! The grammar of FHIRPath as far as search parameters need it, <http://hl7.org/fhirpath/N1/#grammar>:
//! members, functions, indexes, `is` and `as`, unions, `and`, equality, texts, booleans and `%resource`.

/// A parsed expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// `name`, or `of.name`.
    Member(Option<Box<Expression>>, String),
    /// `function(arguments)`, or `of.function(arguments)`.
    Call(Option<Box<Expression>>, String, Vec<Expression>),
    /// `of[index]`
    Index(Box<Expression>, usize),
    /// `of is Type`
    Is(Box<Expression>, String),
    /// `of as Type`
    As(Box<Expression>, String),
    /// `left | right`
    Union(Box<Expression>, Box<Expression>),
    /// `left and right`
    And(Box<Expression>, Box<Expression>),
    /// `left = right`
    Equal(Box<Expression>, Box<Expression>),
    /// `left != right`
    NotEqual(Box<Expression>, Box<Expression>),
    /// `'text'`
    Text(String),
    /// `true`, `false`
    Boolean(bool),
    /// `%name`
    Variable(String),
}

/// Where and why a text is not such an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at character {position}: expected {expected}")]
pub struct ExpressionError {
    /// Offset in bytes.
    pub position: usize,
    /// What could have stood there.
    pub expected: &'static str,
}

/// Parses an expression.
///
/// # Errors
/// [`ExpressionError`] for anything outside of the subset named above.
pub fn parse(text: &str) -> Result<Expression, ExpressionError> {
    let mut parser = Parser { text, position: 0 };
    let expression = parser.and()?;
    parser.space();
    if parser.rest().is_empty() {
        Ok(expression)
    } else {
        Err(parser.expected("the end of the expression"))
    }
}

struct Parser<'text> {
    text: &'text str,
    position: usize,
}

/// From the loosest binding to the tightest: and, equality, union, type, invocation.
impl<'text> Parser<'text> {
    fn and(&mut self) -> Result<Expression, ExpressionError> {
        let mut left = self.equality()?;
        while self.word("and") {
            left = Expression::And(Box::new(left), Box::new(self.equality()?));
        }
        Ok(left)
    }

    fn equality(&mut self) -> Result<Expression, ExpressionError> {
        let left = self.union()?;
        if self.symbol("!=") {
            Ok(Expression::NotEqual(Box::new(left), Box::new(self.union()?)))
        } else if self.symbol("=") {
            Ok(Expression::Equal(Box::new(left), Box::new(self.union()?)))
        } else {
            Ok(left)
        }
    }

    fn union(&mut self) -> Result<Expression, ExpressionError> {
        let mut left = self.type_operator()?;
        while self.symbol("|") {
            left = Expression::Union(Box::new(left), Box::new(self.type_operator()?));
        }
        Ok(left)
    }

    fn type_operator(&mut self) -> Result<Expression, ExpressionError> {
        let left = self.invocation()?;
        if self.word("is") {
            Ok(Expression::Is(Box::new(left), self.name()?.to_owned()))
        } else if self.word("as") {
            Ok(Expression::As(Box::new(left), self.name()?.to_owned()))
        } else {
            Ok(left)
        }
    }

    fn invocation(&mut self) -> Result<Expression, ExpressionError> {
        let mut left = self.term()?;
        loop {
            if self.symbol(".") {
                left = self.member_or_call(Some(Box::new(left)))?;
            } else if self.symbol("[") {
                left = Expression::Index(Box::new(left), self.number()?);
                self.require("]", "]")?;
            } else {
                return Ok(left);
            }
        }
    }

    fn term(&mut self) -> Result<Expression, ExpressionError> {
        if self.symbol("(") {
            let inner = self.and()?;
            self.require(")", ")")?;
            Ok(inner)
        } else if self.symbol("'") {
            let text = self.take(|letter| letter != '\'').to_owned();
            self.require("'", "the closing '")?;
            Ok(Expression::Text(text))
        } else if self.symbol("%") {
            Ok(Expression::Variable(self.name()?.to_owned()))
        } else if self.word("true") {
            Ok(Expression::Boolean(true))
        } else if self.word("false") {
            Ok(Expression::Boolean(false))
        } else {
            self.member_or_call(None)
        }
    }

    fn member_or_call(&mut self, of: Option<Box<Expression>>) -> Result<Expression, ExpressionError> {
        let name = self.name()?.to_owned();
        if !self.symbol("(") {
            return Ok(Expression::Member(of, name));
        }
        let mut arguments = Vec::new();
        if !self.symbol(")") {
            arguments.push(self.and()?);
            while self.symbol(",") {
                arguments.push(self.and()?);
            }
            self.require(")", ")")?;
        }
        Ok(Expression::Call(of, name, arguments))
    }

    fn name(&mut self) -> Result<&'text str, ExpressionError> {
        self.space();
        let name = self.take(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        if name.is_empty() {
            Err(self.expected("a name"))
        } else {
            Ok(name)
        }
    }

    fn number(&mut self) -> Result<usize, ExpressionError> {
        self.space();
        let digits = self.take(|letter| letter.is_ascii_digit());
        digits.parse().map_err(|_| self.expected("a number"))
    }

    fn word(&mut self, word: &str) -> bool {
        self.space();
        let found = self
            .rest()
            .strip_prefix(word)
            .is_some_and(|after| !after.starts_with(|letter: char| letter.is_ascii_alphanumeric()));
        if found {
            self.position += word.len();
        }
        found
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(symbol);
        if found {
            self.position += symbol.len();
        }
        found
    }

    fn require(&mut self, symbol: &str, expected: &'static str) -> Result<(), ExpressionError> {
        if self.symbol(symbol) {
            Ok(())
        } else {
            Err(self.expected(expected))
        }
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'text str {
        let rest = self.rest();
        let end = rest.find(|letter| !belongs(letter)).unwrap_or(rest.len());
        self.position += end;
        &rest[..end]
    }

    fn space(&mut self) {
        self.take(char::is_whitespace);
    }

    fn rest(&self) -> &'text str {
        &self.text[self.position..]
    }

    fn expected(&self, expected: &'static str) -> ExpressionError {
        ExpressionError {
            position: self.position,
            expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(of: Option<Expression>, name: &str) -> Expression {
        Expression::Member(of.map(Box::new), name.to_owned())
    }

    #[test]
    fn binds_as_the_standard_does() {
        let deceased = || member(Some(member(None, "Patient")), "deceased");
        assert_eq!(
            parse("Patient.deceased.exists() and Patient.deceased != false"),
            Ok(Expression::And(
                Box::new(Expression::Call(
                    Some(Box::new(deceased())),
                    "exists".into(),
                    vec![]
                )),
                Box::new(Expression::NotEqual(
                    Box::new(deceased()),
                    Box::new(Expression::Boolean(false))
                )),
            ))
        );
        assert_eq!(
            parse("a | (b as Quantity)[0]"),
            Ok(Expression::Union(
                Box::new(member(None, "a")),
                Box::new(Expression::Index(
                    Box::new(Expression::As(Box::new(member(None, "b")), "Quantity".into())),
                    0
                )),
            ))
        );
    }

    #[test]
    fn says_where_a_text_is_not_an_expression() {
        for (text, position, expected) in [
            ("", 0, "a name"),
            ("a.", 2, "a name"),
            ("a b", 2, "the end of the expression"),
            ("(a", 2, ")"),
            ("a[x]", 2, "a number"),
            ("'a", 2, "the closing '"),
            ("where(a", 7, ")"),
        ] {
            assert_eq!(parse(text), Err(ExpressionError { position, expected }), "{text}");
        }
    }
}
