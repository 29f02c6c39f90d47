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
            Assert.True(model.About.Length > 0 && model.Licence.Length > 0 && model.Map != "", model.Name);
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

    [Theory]
    [InlineData("clap")]
    [InlineData("CLAP")]
    [InlineData("laion/clap-htsat-unfused")]
    public void The_default_is_found_by_all_its_names(string name)
    {
        var model = ModelCatalogue.Embedded.Find(name);
        Assert.Same(ModelCatalogue.Embedded.Default, model);
        Assert.Equal(("clap", "Apache-2.0", false), (model.Name, model.Licence, model.Unverified));
        Assert.All(model.Files, file => Assert.Contains("/resolve/8fa0f1c6d0433df6e97c127f64b2a1d6c0dcda8a/", file.Url));
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
    [InlineData("""{"models":[{"name":"a","kind":"retrieval model","is_default":true,""" + Unverified
        + """ "files":[{"name":"x","url":"http://x/x"}]}]}""")]
    [InlineData("""{"models":[{"name":"a","aliases":["A"],"kind":"retrieval model",""" + Unverified
        + """ "files":[{"name":"x","url":"http://x/x"}]}]}""")]
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
