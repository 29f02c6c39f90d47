using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.WeightsConvert.Catalogue;

namespace NativeRetrieval.WeightsConvert.Tests.Catalogue;

public class ModelCatalogueTests
{
    [Fact]
    public void The_catalogue_is_complete()
    {
        Assert.NotEmpty(ModelCatalogue.Embedded.Models);
        foreach (var model in ModelCatalogue.Embedded.Models)
        {
            Assert.True(model.About.Length > 0 && model.Licence.Length > 0 && model.Map.Length > 0, model.Name);
            Assert.Equal(model.Files.All(file => file.Sha256 is not null), !model.Unverified);
        }
    }

    [Fact]
    public void An_unknown_name_is_answered_with_those_there_are()
    {
        var e = Assert.Throws<OptionException>(() => ModelCatalogue.Embedded.Find("cnn14"));
        Assert.Contains("panns-cnn14", e.Message);
        Assert.Equal("panns-cnn14", ModelCatalogue.Embedded.Find("PANNs-CNN14").Name);
    }

    [Fact]
    public void Checksums_of_files_at_hand_are_theirs()
    {
        const string Folder = "weights/all-MiniLM-L6-v2";
        if (Fixtures.Shared(Folder) is not { } folder)
        {
            Assert.Skip(Fixtures.WhyAbsent(Folder));
            return;
        }
        foreach (var file in ModelCatalogue.Embedded.Find("all-minilm-l6-v2").Files)
        {
            string path = Path.Combine(folder, file.Name);
            file.Check(path, FileDigest.Of(path, TestContext.Current.CancellationToken));
        }
    }

    const string Blank = """ "about":"","licence":"","source":"","map":"","checksums_from":"",""";

    const string Unverified = Blank + "\"unverified\":true,";

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"models":[{"name":"a","kind":"video encoder",""" + Unverified + """ "files":[{"name":"x","url":"http://x/x"}]}]}""")]
    [InlineData("""{"models":[{"name":"a","kind":"audio encoder",""" + Unverified + """ "files":[]}]}""")]
    [InlineData("""{"models":[{"name":"a","kind":"audio encoder",""" + Unverified + """ "files":[{"name":"../x","url":"http://x/x"}]}]}""")]
    [InlineData("""{"models":[{"name":"a","kind":"audio encoder",""" + Unverified + """ "files":[{"name":"x","url":"ftp://x/x"}]}]}""")]
    [InlineData("""{"models":[{"name":"a","kind":"audio encoder",""" + Unverified
        + """ "files":[{"name":"x","url":"http://x/x","md5":"ABC"}]}]}""")]
    [InlineData("""{"models":[{"name":"a","kind":"audio encoder",""" + Blank + """ "files":[{"name":"x","url":"http://x/x"}]}]}""")]
    [InlineData("""{"models":[{"name":"a","kind":"audio encoder",""" + Unverified
        + """ "files":[{"name":"x","url":"http://x/x","size_bytes":0}]}]}""")]
    [InlineData("""{"models":[{"name":"a","kind":"audio encoder",""" + Unverified
        + """ "files":[{"name":"x","url":"http://x/x","sha256":"0000000000000000000000000000000000000000000000000000000000000000"}]}]}""")]
    [InlineData("""{"models":[{"name":"a/b","kind":"audio encoder",""" + Unverified + """ "files":[{"name":"x","url":"http://x/x"}]}]}""")]
    public void An_entry_that_cannot_be_used_is_refused(string json) =>
        Assert.Throws<OptionException>(() => ModelCatalogue.Parse(System.Text.Encoding.UTF8.GetBytes(json)));
}
