using System.IO.Compression;
using System.Xml.Linq;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Packages.Tests;

/// <summary>A package that <c>tests/pack.sh</c> made of this checkout.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Assembly">Name of the assembly in it.</param>
/// <param name="Folder">Folder of its project.</param>
public sealed record Package(string Id, string Assembly, string Folder)
{
    public const string Version = "0.1.0";

    public const string HowTo = "run tests/pack.sh after dotnet build -c Release";

    /// <summary>All packages of the libraries.</summary>
    public static IReadOnlyList<Package> Libraries { get; } =
    [
        Library("NativeRetrieval.Core"),
        Library("NativeRetrieval.Cuda"),
        Library("NativeRetrieval.Nn"),
        Library("NativeRetrieval.Audio"),
        Library("NativeRetrieval.Text"),
        Library("NativeRetrieval.Indexing"),
        Library("NativeRetrieval.Postgres"),
        Library("NativeRetrieval.ClickHouse"),
        new("NativeRetrieval.Engine", "NativeRetrieval", "src/NativeRetrieval"),
        Library("NativeRetrieval.Distributed"),
        Library("NativeRetrieval.Hosting"),
        Library("NativeRetrieval.Evaluation"),
        Library("NativeRetrieval.Training"),
        Library("NativeRetrieval.NAudio"),
        Library("NativeRetrieval.Server"),
        new("NativeRetrieval.WeightsConvert", "NativeRetrieval.WeightsConvert", "weights-convert/NativeRetrieval.WeightsConvert"),
    ];

    /// <summary>The command line as a .NET tool.</summary>
    public static Package Tool { get; } = new("nativeretrieval", "NativeRetrieval.Cli", "src/NativeRetrieval.Cli");

    public static string Feed { get; } = Path.Combine(Fixtures.RepositoryRoot, "artifacts", "packages");

    public string File => Path.Combine(Feed, $"{Id}.{Version}.nupkg");

    public string Symbols => Path.ChangeExtension(File, ".snupkg");

    /// <summary>The assembly as the build left it.</summary>
    public string Built => Path.Combine(Fixtures.RepositoryRoot, Folder, "bin", "Release", "net10.0", Assembly + ".dll");

    /// <summary>Skips the test where the packages are absent or those of another build.</summary>
    public static void Require()
    {
        Assert.SkipUnless(Directory.Exists(Feed), $"{Feed} is not there: {HowTo}");
        foreach (var package in (Package[])[.. Libraries, Tool])
        {
            Assert.True(System.IO.File.Exists(package.File), $"{package.File} is not there");
            string inside = package == Tool ? $"tools/net10.0/any/{package.Assembly}.dll" : $"lib/net10.0/{package.Assembly}.dll";
            Assert.SkipUnless(System.IO.File.Exists(package.Built)
                    && package.Read(inside).AsSpan().SequenceEqual(System.IO.File.ReadAllBytes(package.Built)),
                $"{package.File} is of another build: {HowTo}");
        }
    }

    public IReadOnlyList<string> Entries()
    {
        using var archive = ZipFile.OpenRead(File);
        return [.. archive.Entries.Select(entry => entry.FullName)];
    }

    public byte[] Read(string entry) => Read(File, entry);

    public static byte[] Read(string file, string entry)
    {
        using var archive = ZipFile.OpenRead(file);
        var found = archive.GetEntry(entry);
        Assert.True(found is not null, $"{file} has no {entry}");
        using var stream = found.Open();
        var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>Words of the package about itself.</summary>
    public XElement Metadata()
    {
        var document = XDocument.Load(new MemoryStream(Read($"{Id}.nuspec")));
        foreach (var element in document.Descendants()) element.Name = element.Name.LocalName;
        return document.Root!.Element("metadata")!;
    }

    static Package Library(string name) => new(name, name, $"src/{name}");
}
