using NativeRetrieval.Core.Errors;
using NativeRetrieval.WeightsConvert.Catalogue;

namespace NativeRetrieval.WeightsConvert.Tests.Catalogue;

public class MirrorsTests
{
    const string Hub = "https://huggingface.co/laion/clap/resolve/1/a.bin", Archive = "https://zenodo.org/record/1/files/b%3D1.pth";

    [Theory]
    [InlineData("", Hub, Hub)]
    [InlineData("https://mirror.example/m/", Hub, "https://mirror.example/m/small/sub/a%201.bin")]
    [InlineData("huggingface.co=http://mirror.example:81/hf/", Hub, "http://mirror.example:81/hf/laion/clap/resolve/1/a.bin")]
    [InlineData("huggingface.co=https://x.example, https://zenodo.org/record=https://y.example/z", Archive,
        "https://y.example/z/1/files/b%3D1.pth")]
    [InlineData("huggingface.co=https://x.example", Archive, Archive)]
    [InlineData("huggingface.c=https://x.example", Hub, Hub)]
    public void Addresses_are_replaced_by_whole_words(string mirrors, string url, string expected)
    {
        var model = new CatalogueEntry("small", CatalogueEntry.RetrievalModel, "", "", "", null, "", []);
        Assert.Equal(expected, Mirrors.Parse(mirrors).AddressOf(model, new("sub/a 1.bin", url))!.AbsoluteUri);
    }

    [Theory]
    [InlineData("here")]
    [InlineData("ftp://x.example")]
    [InlineData("huggingface.co=here")]
    [InlineData("https://x.example,https://y.example")]
    [InlineData("=https://x.example")]
    public void What_is_no_mirror_is_refused(string text) =>
        Assert.Contains("no web address", Assert.Throws<OptionException>(() => Mirrors.Parse(text)).Message);
}
