//! From tokens to an expression, <http://hl7.org/fhirpath/N1/#grammar>: operators by their precedence, literals,
//! paths with functions.

mod literal;

use super::error::ParseError;
use super::expression::{BinaryOperator, Expression, Step, TypeOperator};
use super::function::Function;
use super::lexer::{Lexer, Token};
use super::type_specifier::TypeSpecifier;
use super::value::Value;

/// The bytes of the longest text that is parsed; the standard's longest expression has less than a tenth of them.
const MAXIMUM_LENGTH: usize = 32 * 1024;
/// How deep brackets, arguments and signs may be nested: what limits recursion here and in evaluation.
const MAXIMUM_DEPTH: usize = 48;

/// The loosest to the tightest.
const PRECEDENCES: [&[(&str, BinaryOperator)]; 9] = [
    &[("implies", BinaryOperator::Implies)],
    &[("or", BinaryOperator::Or), ("xor", BinaryOperator::Xor)],
    &[("and", BinaryOperator::And)],
    &[("in", BinaryOperator::In), ("contains", BinaryOperator::Contains)],
    &[
        ("=", BinaryOperator::Equal),
        ("!=", BinaryOperator::NotEqual),
        ("~", BinaryOperator::Equivalent),
        ("!~", BinaryOperator::NotEquivalent),
    ],
    &[
        ("<", BinaryOperator::Less),
        ("<=", BinaryOperator::LessOrEqual),
        (">", BinaryOperator::Greater),
        (">=", BinaryOperator::GreaterOrEqual),
    ],
    &[("|", BinaryOperator::Union)],
    &[
        ("+", BinaryOperator::Add),
        ("-", BinaryOperator::Subtract),
        ("&", BinaryOperator::Concatenate),
    ],
    &[
        ("*", BinaryOperator::Multiply),
        ("/", BinaryOperator::Divide),
        ("div", BinaryOperator::Div),
        ("mod", BinaryOperator::Mod),
    ],
];

/// `is` and `as` bind looser than what has this precedence, tighter than all before it.
const ADDITION: usize = 7;

/// Parses `text`.
///
/// # Errors
/// [`ParseError`].
pub fn parse(text: &str) -> Result<Expression, ParseError> {
    if text.len() > MAXIMUM_LENGTH {
        return Err(ParseError::TooLong(MAXIMUM_LENGTH));
    }
    let mut lexer = Lexer::new(text);
    let (position, current) = lexer.next()?;
    let mut parser = Parser {
        lexer,
        position,
        current,
        depth: 0,
    };
    let expression = parser.expression()?;
    match parser.current {
        Token::End => Ok(expression),
        _ => Err(parser.expected("an operator or the end of the expression")),
    }
}

struct Parser<'text> {
    lexer: Lexer<'text>,
    /// Where the current token begins.
    position: usize,
    current: Token<'text>,
    depth: usize,
}

impl<'text> Parser<'text> {
    fn expression(&mut self) -> Result<Expression, ParseError> {
        self.nested(|parser| parser.operators(0))
    }

    /// Everything that one part of an expression may hold of another goes through here.
    fn nested<Of>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<Of, ParseError>,
    ) -> Result<Of, ParseError> {
        if self.depth >= MAXIMUM_DEPTH {
            return Err(ParseError::TooDeep(MAXIMUM_DEPTH));
        }
        self.depth += 1;
        let found = inner(self);
        self.depth -= 1;
        found
    }

    fn operators(&mut self, precedence: usize) -> Result<Expression, ParseError> {
        let Some(operators) = PRECEDENCES.get(precedence) else {
            return self.sign();
        };
        let first = self.operand(precedence)?;
        let mut rest = Vec::new();
        while let Some(operator) = self.operator(operators)? {
            rest.push((operator, self.operand(precedence)?));
        }
        Ok(match rest.is_empty() {
            true => first,
            false => Expression::Binary(Box::new(first), rest),
        })
    }

    fn operand(&mut self, precedence: usize) -> Result<Expression, ParseError> {
        let mut operand = self.operators(precedence + 1)?;
        if precedence + 1 == ADDITION {
            while let Token::Word(word @ ("is" | "as")) = self.current {
                self.advance()?;
                let operator = if word == "is" {
                    TypeOperator::Is
                } else {
                    TypeOperator::As
                };
                let type_specifier = self.type_specifier()?;
                operand = Expression::Type(Box::new(operand), operator, type_specifier);
            }
        }
        Ok(operand)
    }

    fn operator(
        &mut self,
        operators: &[(&str, BinaryOperator)],
    ) -> Result<Option<BinaryOperator>, ParseError> {
        let (Token::Word(written) | Token::Symbol(written)) = self.current else {
            return Ok(None);
        };
        let found = operators.iter().find(|(text, _)| *text == written);
        if found.is_some() {
            self.advance()?;
        }
        Ok(found.map(|(_, operator)| *operator))
    }

    fn sign(&mut self) -> Result<Expression, ParseError> {
        if self.symbol("-")? {
            let operand = self.nested(Self::sign)?;
            Ok(Expression::Negative(Box::new(operand)))
        } else if self.symbol("+")? {
            let operand = self.nested(Self::sign)?;
            Ok(Expression::Positive(Box::new(operand)))
        } else {
            self.path()
        }
    }

    fn path(&mut self) -> Result<Expression, ParseError> {
        let mut steps = Vec::new();
        let head = self.head(&mut steps)?;
        loop {
            if self.symbol(".")? {
                steps.push(self.member_or_call()?);
            } else if self.symbol("[")? {
                steps.push(Step::Item(Box::new(self.expression()?)));
                self.require("]", "]")?;
            } else {
                return Ok(match (head, steps.is_empty()) {
                    (Some(head), true) => head,
                    (head, _) => Expression::Path(head.map(Box::new), steps),
                });
            }
        }
    }

    /// What a path begins with; a first name or function goes to `steps`.
    fn head(&mut self, steps: &mut Vec<Step>) -> Result<Option<Expression>, ParseError> {
        let literal = match &self.current {
            Token::Symbol("(") => {
                self.advance()?;
                let inner = self.expression()?;
                self.require(")", ")")?;
                return Ok(Some(inner));
            }
            Token::Symbol("{") => {
                self.advance()?;
                self.require("}", "}")?;
                return Ok(Some(Expression::Empty));
            }
            Token::Symbol("%") => {
                self.advance()?;
                return self.variable().map(Some);
            }
            Token::Symbol("$") => {
                self.advance()?;
                return self.iteration_variable().map(Some);
            }
            Token::Number(_) => return self.number_or_quantity().map(Some),
            Token::Text(text) => Value::from(text.clone()),
            Token::Temporal(text) => {
                literal::temporal(text).ok_or_else(|| self.expected("a date or a time that there is"))?
            }
            Token::Word("true") => Value::Boolean(true),
            Token::Word("false") => Value::Boolean(false),
            // After a dot they are names, as in Patient.text.div: no operator can stand there.
            Token::Word("and" | "or" | "xor" | "implies" | "div" | "mod") => {
                return Err(self.expected("a name"));
            }
            _ => {
                steps.push(self.member_or_call()?);
                return Ok(None);
            }
        };
        self.advance()?;
        Ok(Some(Expression::Literal(literal)))
    }

    fn variable(&mut self) -> Result<Expression, ParseError> {
        let name = match &self.current {
            Token::Word(name) => (*name).to_owned(),
            Token::Delimited(name) | Token::Text(name) => name.clone(),
            _ => return Err(self.expected("the name of a variable")),
        };
        self.advance()?;
        Ok(Expression::Variable(name))
    }

    fn iteration_variable(&mut self) -> Result<Expression, ParseError> {
        let variable = match self.current {
            Token::Word("this") => Expression::This,
            Token::Word("index") => Expression::Index,
            Token::Word("total") => Expression::Total,
            _ => return Err(self.expected("$this, $index or $total")),
        };
        self.advance()?;
        Ok(variable)
    }

    fn number_or_quantity(&mut self) -> Result<Expression, ParseError> {
        let Token::Number(digits) = self.current else {
            return Err(self.expected("a number"));
        };
        let number =
            literal::number(digits).ok_or_else(|| self.expected("a number in the range of numbers"))?;
        self.advance()?;
        let unit = match &self.current {
            Token::Text(code) => Some(literal::quoted_unit(code)),
            Token::Word(word) => literal::calendar_unit(word),
            _ => None,
        };
        match unit {
            Some(unit) => {
                self.advance()?;
                Ok(Expression::Literal(
                    literal::quantity(digits, unit).unwrap_or(number),
                ))
            }
            None => Ok(Expression::Literal(number)),
        }
    }

    fn member_or_call(&mut self) -> Result<Step, ParseError> {
        let position = self.position;
        let name = self.name()?;
        if !self.symbol("(")? {
            return Ok(Step::Member(name));
        }
        let type_operator = match name.as_str() {
            "is" => Some(TypeOperator::Is),
            "as" => Some(TypeOperator::As),
            "ofType" => Some(TypeOperator::OfType),
            _ => None,
        };
        if let Some(operator) = type_operator {
            let type_specifier = self.type_specifier()?;
            self.require(")", ")")?;
            return Ok(Step::TypeCall(operator, type_specifier));
        }
        let arguments = self.arguments()?;
        let Some(function) = Function::parse(&name) else {
            return Err(ParseError::UnknownFunction { position, name });
        };
        let count = arguments.len();
        if !function.argument_counts().contains(&count) {
            return Err(ParseError::ArgumentCount {
                position,
                function,
                count,
            });
        }
        Ok(Step::Call(function, arguments))
    }

    fn arguments(&mut self) -> Result<Vec<Expression>, ParseError> {
        let mut arguments = Vec::new();
        if self.symbol(")")? {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if self.symbol(")")? {
                return Ok(arguments);
            }
            self.require(",", ", or )")?;
        }
    }

    fn type_specifier(&mut self) -> Result<TypeSpecifier, ParseError> {
        let first = self.name()?;
        if !self.symbol(".")? {
            let namespace = None;
            return Ok(TypeSpecifier {
                namespace,
                name: first,
            });
        }
        let name = self.name()?;
        let namespace = Some(first);
        Ok(TypeSpecifier { namespace, name })
    }

    fn name(&mut self) -> Result<String, ParseError> {
        let name = match &self.current {
            Token::Word(name) => (*name).to_owned(),
            Token::Delimited(name) => name.clone(),
            _ => return Err(self.expected("a name")),
        };
        self.advance()?;
        Ok(name)
    }

    fn symbol(&mut self, symbol: &str) -> Result<bool, ParseError> {
        let found = matches!(self.current, Token::Symbol(current) if current == symbol);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn require(&mut self, symbol: &str, expected: &'static str) -> Result<(), ParseError> {
        match self.symbol(symbol)? {
            true => Ok(()),
            false => Err(self.expected(expected)),
        }
    }

    fn advance(&mut self) -> Result<(), ParseError> {
        (self.position, self.current) = self.lexer.next()?;
        Ok(())
    }

    fn expected(&self, expected: &'static str) -> ParseError {
        let position = self.position;
        ParseError::Syntax { position, expected }
    }
}

#[cfg(test)]
mod tests;
