namespace NativeRetrieval.Indexing.Tests;

public sealed class HitTableTests
{
    const string Columns = "rank,path,start_seconds,end_seconds,score,percentile,sound_rank,word_rank,meaning_rank,words,duration_seconds,"
        + "sample_rate_hz,channels,added,title,description,category,cat_id,tags,library,other\n";

    static readonly LibraryHit _bare = new()
    {
        Rank = 0, Path = "/s/a.wav", StartSeconds = 0, EndSeconds = 1.5, Score = float.NaN, RowId = 7,
        Details = new SoundDetails { DurationSeconds = 2 },
    };

    static string Written(params LibraryHit[] hits) => string.Concat(HitTable.Lines(hits));

    [Fact]
    public void All_that_is_known_is_written_and_what_is_unknown_is_blank()
    {
        var full = new LibraryHit
        {
            Rank = 1, Path = "/s/b, c.wav", StartSeconds = 0.25, EndSeconds = 3, Score = -0.125f, RowId = 1, Percentile = 99.5,
            SoundRank = 1, WordRank = 2, MeaningRank = 3, MatchedWords = ["rain", "roof"],
            Details = new SoundDetails
            {
                DurationSeconds = 12.3456789, SampleRateHz = 48_000, Channels = 2, Title = "Rain", Description = "on a \"tin\" roof",
                Category = "RAIN-ROOF", CatId = "RAINRoof", Tags = ["wet", "metal"], Library = "Weather", Other = "MKH 8040; Lisbon",
                AddedUtc = new DateTime(2026, 1, 31, 23, 5, 9, DateTimeKind.Utc),
            },
        };
        Assert.Equal(Columns + "1,\"/s/b, c.wav\",0.25,3,-0.125,99.5,1,2,3,rain roof,12.345679,48000,2,2026-01-31T23:05:09Z,Rain,"
            + "\"on a \"\"tin\"\" roof\",RAIN-ROOF,RAINRoof,\"wet, metal\",Weather,MKH 8040; Lisbon\n"
            + ",/s/a.wav,0,1.5,,,,,,,2,,,,,,,,,,\n", Written(full, _bare));
    }

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"")]
    [InlineData("+49", "'+49")]
    [InlineData("-3 dB", "'-3 dB")]
    [InlineData("@cmd", "'@cmd")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("a=b", "a=b")]
    public void No_text_is_a_formula(string text, string cell)
    {
        var details = new SoundDetails
        {
            DurationSeconds = 1, Title = text, Description = text, Category = text, CatId = text, Tags = [text], Library = text,
            Other = text,
        };
        var hit = _bare with { Score = -0.5f, MatchedWords = [text], Details = details };
        Assert.Equal($"{Columns},/s/a.wav,0,1.5,-0.5,,,,,{cell},1,,,{string.Concat(Enumerable.Repeat($",{cell}", 7))}\n", Written(hit));
    }
}
