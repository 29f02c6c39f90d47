using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Packages.Tests;

/// <summary>The packages as a stranger gets them: which there are, what they say of themselves, refer to and hold.</summary>
public sealed partial class PackageTests
{
    static readonly Guid _embeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    public static TheoryData<string> Ids { get; } = [.. Package.Libraries.Select(package => package.Id)];

    public PackageTests() => Package.Require();

    [Fact]
    public void The_feed_holds_the_libraries_and_the_tool_alone()
    {
        var expected = Package.Libraries.Append(Package.Tool).Select(package => Path.GetFileName(package.File)).Order();
        Assert.Equal(expected, Directory.EnumerateFiles(Package.Feed, "*.nupkg").Select(path => Path.GetFileName(path)).Order());
    }

    [Theory, MemberData(nameof(Ids))]
    public void A_package_refers_to_packages_of_this_feed_and_to_pinned_ones(string id)
    {
        var metadata = Of(id).Metadata();
        var group = Assert.Single(metadata.Element("dependencies")!.Elements("group"));
        Assert.Equal("net10.0", group.Attribute("targetFramework")!.Value);
        var pinned = XDocument.Load(Path.Combine(Fixtures.RepositoryRoot, "Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(item => item.Attribute("Include")!.Value, item => item.Attribute("Version")!.Value);
        foreach (var dependency in group.Elements("dependency"))
        {
            string name = dependency.Attribute("id")!.Value, version = dependency.Attribute("version")!.Value;
            if (Package.Libraries.Any(package => package.Id == name)) Assert.Equal(Package.Version, version);
            else Assert.Equal(pinned.GetValueOrDefault(name), version);
        }
    }

    [Theory, MemberData(nameof(Ids))]
    public void A_package_refers_to_all_that_its_project_does(string id)
    {
        var package = Of(id);
        var project = XDocument.Load(Path.Combine(Fixtures.RepositoryRoot, package.Folder, package.Assembly + ".csproj"));
        var projects = project.Descendants("ProjectReference")
            .Select(item => Path.GetFileNameWithoutExtension(item.Attribute("Include")!.Value))
            .Select(name => Package.Libraries.Single(library => library.Assembly == name).Id);
        var packages = project.Descendants("PackageReference").Select(item => item.Attribute("Include")!.Value);
        Assert.Equal(projects.Concat(packages).Order(),
            package.Metadata().Descendants("dependency").Select(item => item.Attribute("id")!.Value).Order());
    }

    [Theory, MemberData(nameof(Ids))]
    public void A_library_has_its_assembly_comments_readme_and_icon(string id)
    {
        var package = Of(id);
        Assert.Equal(["README.md", "icon.png", $"lib/net10.0/{package.Assembly}.dll", $"lib/net10.0/{package.Assembly}.xml"],
            package.Entries().Where(IsContent).Order(StringComparer.Ordinal));
        Assert.Equal([0x89, .. "PNG"u8], package.Read("icon.png")[..4]);
        var comments = XDocument.Load(new MemoryStream(package.Read($"lib/net10.0/{package.Assembly}.xml")));
        Assert.Equal(package.Assembly, comments.Root!.Element("assembly")!.Value.Trim());
        Assert.NotEmpty(comments.Descendants("member"));
    }

    [Theory, MemberData(nameof(Ids))]
    public void A_package_says_what_it_is(string id) => SaysWhatItIs(Of(id));

    [Fact]
    public void The_tool_says_what_it_is()
    {
        SaysWhatItIs(Package.Tool);
        Assert.Equal("DotnetTool", Package.Tool.Metadata().Descendants("packageType").Single().Attribute("name")!.Value);
        var settings = XDocument.Load(new MemoryStream(Package.Tool.Read("tools/net10.0/any/DotnetToolSettings.xml")));
        Assert.Equal("nativeretrieval", settings.Descendants("Command").Single().Attribute("Name")!.Value);
    }

    [Fact]
    public void Kernels_page_tables_and_name_maps_are_inside()
    {
        Assert.Equal(Directory.EnumerateFiles(Path.Combine(Fixtures.RepositoryRoot, "kernels"), "*.cu*", SearchOption.AllDirectories)
                .Select(path => "kernels/" + Path.GetRelativePath(Path.Combine(Fixtures.RepositoryRoot, "kernels"), path)).Order(),
            Resources("NativeRetrieval.Cuda").Order());
        Assert.Contains("page/index.html", Resources("NativeRetrieval.Server"));
        Assert.Contains("characters.txt", Resources("NativeRetrieval.Text"));
        Assert.Contains("catalogue.json", Resources("NativeRetrieval.WeightsConvert"));
    }

    [Theory, MemberData(nameof(Ids))]
    public void Symbols_hold_every_source_and_no_path_of_the_machine(string id)
    {
        var package = Of(id);
        byte[] symbols = Package.Read(package.Symbols, $"lib/net10.0/{package.Assembly}.pdb");
        using var provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(symbols));
        var reader = provider.GetMetadataReader();
        Assert.NotEmpty(reader.Documents);
        foreach (var handle in reader.Documents)
        {
            string name = reader.GetString(reader.GetDocument(handle).Name);
            Assert.StartsWith("/_/", name);
            var kinds = reader.GetCustomDebugInformation(handle)
                .Select(item => reader.GetGuid(reader.GetCustomDebugInformation(item).Kind));
            Assert.True(kinds.Contains(_embeddedSource), $"{name} is not in the symbols");
        }
        Assert.Equal(-1, package.Read($"lib/net10.0/{package.Assembly}.dll").AsSpan()
            .IndexOf(Encoding.UTF8.GetBytes(Fixtures.RepositoryRoot)));
    }

    static void SaysWhatItIs(Package package)
    {
        var metadata = package.Metadata();
        Assert.Equal(package.Id, metadata.Element("id")!.Value);
        Assert.Equal(Package.Version, metadata.Element("version")!.Value);
        Assert.InRange(metadata.Element("description")!.Value.Length, 40, 400);
        Assert.Equal("README.md", metadata.Element("readme")!.Value);
        Assert.Equal("icon.png", metadata.Element("icon")!.Value);
        var license = metadata.Element("license")!;
        Assert.Equal(("expression", "Apache-2.0"), (license.Attribute("type")!.Value, license.Value));
        Assert.NotEmpty(metadata.Element("tags")!.Value);
        // The repository has no public address: the commit is told, an address is not.
        Assert.Null(metadata.Element("projectUrl"));
        if (metadata.Element("repository") is { } repository) Assert.Null(repository.Attribute("url"));
        string readme = Encoding.UTF8.GetString(package.Read("README.md"));
        Assert.StartsWith("# ", readme.TrimStart('\uFEFF'));
        Assert.DoesNotMatch(LinkIntoTheRepository(), readme);
        Assert.DoesNotContain("<picture>", readme);
    }

    static IReadOnlyList<string> Resources(string id)
    {
        var package = Of(id);
        using var assembly = new PEReader(new MemoryStream(package.Read($"lib/net10.0/{package.Assembly}.dll")));
        var reader = assembly.GetMetadataReader();
        return [.. reader.ManifestResources.Select(handle => reader.GetString(reader.GetManifestResource(handle).Name))];
    }

    static Package Of(string id) => Package.Libraries.Single(package => package.Id == id);

    /// <summary>True of what a project puts into a package, beside what every package has.</summary>
    static bool IsContent(string entry) => entry is not "[Content_Types].xml" && !entry.StartsWith("_rels/", StringComparison.Ordinal)
        && !entry.StartsWith("package/", StringComparison.Ordinal) && !entry.EndsWith(".nuspec", StringComparison.Ordinal);

    [GeneratedRegex(@"\]\((?!https?:)[^()]*\)")]
    private static partial Regex LinkIntoTheRepository();
}
