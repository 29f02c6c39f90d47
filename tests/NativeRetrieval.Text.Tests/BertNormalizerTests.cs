namespace NativeRetrieval.Text.Tests;

public class BertNormalizerTests
{
    static string Normal(string text, TextTokenizerOptions? options = null) =>
        new BertNormalizer(options ?? new TextTokenizerOptions()).Normalize(text);

    [Theory]
    [InlineData("ÀÉÎõü Ångström", "aeiou angstrom")]
    [InlineData("a\0b\u200dc\ufffdd\ud800e", "abcde")]
    [InlineData("a\tb\r\nc\u2003d", "a b  c d")]
    [InlineData("a犬b", "a 犬 b")]
    [InlineData("\U00020000", " \U00020000 ")]
    [InlineData("\U0002b820", "\U0002b820")]
    [InlineData("한", "\u1112\u1161\u11ab")]
    [InlineData("\U00010400", "\U00010428")]
    public void Text_is_cleaned_decomposed_stripped_and_lower_cased(string text, string expected) =>
        Assert.Equal(expected, Normal(text));

    [Fact]
    public void Marks_that_survive_are_put_in_canonical_order()
    {
        // Two Hangul tone marks and a musical stem (classes 224 and 216) with a stripped accent (230) between them.
        Assert.Equal("x\U0001D165\u302E", Normal("x\u302E\u0301\U0001D165"));
        // A character without a class in between keeps them apart, a removed one does not.
        Assert.Equal("x\u302Ey\U0001D165", Normal("x\u302Ey\U0001D165"));
        Assert.Equal("x\U0001D165\u302E", Normal("x\u302E\u200D\U0001D165"));
        // Equal classes keep their order.
        Assert.Equal("x\u302F\u302E", Normal("x\u302F\u302E"));
        // A nonspacing mark of class 0 is stripped after it has kept them apart.
        Assert.Equal("x\u302E\U0001D165", Normal("x\u302E\u034F\U0001D165"));
    }

    [Fact]
    public void Without_cleaning_nothing_is_dropped()
    {
        var options = new TextTokenizerOptions { CleanText = false, LowerCase = false, SplitIdeographs = false };
        Assert.Equal("a\0\tÉ犬\ufffd", Normal("a\0\tÉ犬\ud800", options));
    }

    [Theory]
    [InlineData(true, null), InlineData(true, false), InlineData(false, true), InlineData(false, false)]
    public void The_normal_form_is_its_own_normal_form(bool lower, bool? strip)
    {
        var normalizer = new BertNormalizer(new TextTokenizerOptions { LowerCase = lower, StripAccents = strip });
        for (int c = 0; c < 0x110000; c++)
        {
            if (c is >= 0xD800 and <= 0xDFFF) continue;
            string once = normalizer.NormalForm(char.ConvertFromUtf32(c)), twice = normalizer.NormalForm(once);
            Assert.True(twice.Trim() == once.Trim(), $"U+{c:X4}");
        }
    }

    [Fact]
    public void A_word_of_more_code_points_than_the_limit_is_replaced_by_what_no_vocabulary_holds()
    {
        var options = new TextTokenizerOptions { MaxWordLength = 3 };
        Assert.Equal("abc \ud800 (\ud800) def", Normal("abc abcd (wxyz\U0001F436) def", options));
        Assert.Equal("\U0001F436\U0001F436\U0001F436", Normal("\U0001F436\U0001F436\U0001F436", options));
    }
}
