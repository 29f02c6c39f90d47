using System.Text.Json;

namespace NativeRetrieval.Text.Tests;

public class CaptionNormalizerTests
{
    [Theory]
    [InlineData("A Dog barks, then: \"stop!\" (really?); OK.", "a dog barks  then   stop   (really )  ok ")]
    [InlineData("walkie-talkie; it's ", "walkie-talkie  it's ")]
    [InlineData("ÉCOLE \U00010400", "école \U00010428")]
    [InlineData("lone \ud800 surrogate", "lone \ud800 surrogate")]
    public void The_report_s_rule_lower_cases_and_blanks_the_listed_punctuation(string caption, string expected) =>
        Assert.Equal(expected, CaptionNormalizer.Report.Apply(caption));

    [Theory]
    [InlineData("Rain falls.", "rain falls", true)]
    [InlineData("  rain,  FALLS!", "rain falls", true)]
    [InlineData("rainfalls", "rain falls", false)]
    public void Captions_that_the_tokenizer_cannot_tell_apart_have_one_key(string first, string second, bool equal) =>
        Assert.Equal(equal, CaptionNormalizer.Report.Key(first) == CaptionNormalizer.Report.Key(second));

    [Fact]
    public void The_apostrophe_is_an_option() => Assert.Equal("it s", CaptionNormalizer.ReportAndApostrophe.Apply("It's"));

    [Fact]
    public void Unchanged_changes_nothing() => Assert.Equal("It's, A!", CaptionNormalizer.Unchanged.Apply("It's, A!"));

    [Fact]
    public void The_rule_survives_being_stored()
    {
        string json = JsonSerializer.Serialize(CaptionNormalizer.ReportAndApostrophe);
        Assert.Equal(CaptionNormalizer.ReportAndApostrophe, JsonSerializer.Deserialize<CaptionNormalizer>(json));
        Assert.Contains("\"lower_case\":true", json);
    }
}
