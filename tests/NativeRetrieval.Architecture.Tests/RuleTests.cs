namespace NativeRetrieval.Architecture.Tests;

/// <summary>Each rule catches its offence and lets the permitted twin pass.</summary>
public class RuleTests
{
    [Theory]
    [InlineData("NativeRetrieval.Nn", "NativeRetrieval.Audio", 1)]
    [InlineData("NativeRetrieval.Core", "NativeRetrieval.TestSupport", 1)]
    [InlineData("NativeRetrieval.Training", "NativeRetrieval.Cuda", 1)]
    [InlineData("NativeRetrieval.Unheard", "NativeRetrieval.Core", 1)]
    [InlineData("NativeRetrieval.Nn", "NativeRetrieval.Core", 0)]
    [InlineData("NativeRetrieval.Cli", "NativeRetrieval.Training", 0)]
    [InlineData("NativeRetrieval.Cli", "NativeRetrieval.WeightsConvert", 0)]
    [InlineData("NativeRetrieval.WeightsConvert", "NativeRetrieval.Training", 1)]
    [InlineData("weights-convert", "NativeRetrieval.Cli", 0)]
    [InlineData("weights-convert", "NativeRetrieval", 1)]
    public void Arrows(string from, string to, int violations)
    {
        var project = Project(from, $"<ProjectReference Include=\"..\\{to}\\{to}.csproj\" />");
        Assert.Equal(violations, ReferenceRules.ForbiddenArrows(project).Count());
    }

    [Theory]
    [InlineData("NativeRetrieval.Training", 0)]
    [InlineData("NativeRetrieval.Cuda", 0)]
    [InlineData("NativeRetrieval.Cli", 1)]
    [InlineData("NativeRetrieval.TestSupport", 1)]
    public void ArrowsOfSamples(string to, int violations)
    {
        string items = $"<ItemGroup><ProjectReference Include=\"../../{to}/{to}.csproj\" /></ItemGroup>";
        var project = new SourceFile("src/samples/Host/Host.csproj", $"<Project>{items}</Project>");
        Assert.Equal(violations, ReferenceRules.ForbiddenArrows(project).Count());
    }

    [Theory]
    [InlineData("NativeRetrieval.Core", "NativeRetrieval.Nn", 1)]
    [InlineData("NativeRetrieval.Core", "NativeRetrieval.Benchmarks", 1)]
    [InlineData("NativeRetrieval.Core", "NativeRetrieval.Other.Tests", 1)]
    [InlineData("NativeRetrieval.Nn", "NativeRetrieval.Cuda", 1)]
    [InlineData("NativeRetrieval.Core", "NativeRetrieval.Cuda", 0)]
    [InlineData("NativeRetrieval.Core", "NativeRetrieval.Core.Tests", 0)]
    [InlineData("NativeRetrieval.Core", "NativeRetrieval.OpCases", 0)]
    public void Friends(string of, string friend, int violations)
    {
        var project = Project(of, $"<InternalsVisibleTo Include=\"{friend}\" />");
        string[] tests = ["NativeRetrieval.Core.Tests", "NativeRetrieval.OpCases"];
        Assert.Equal(violations, ReferenceRules.ForbiddenFriends(project, tests).Count());
    }

    [Theory]
    [InlineData("src/NativeRetrieval.Nn/X.cs", "using NativeRetrieval.Core.Cpu;", 1)]
    [InlineData("benchmarks/A/X.cs", "using NativeRetrieval.Core.Cpu.Gemm;", 1)]
    [InlineData("src/samples/Host/X.cs", "Core.Cpu.CpuBackend b;", 1)]
    [InlineData("src/NativeRetrieval.Nn/X.cs", "using NativeRetrieval.Core.Devices; // not Core.Cpu", 0)]
    [InlineData("src/NativeRetrieval.Core/Devices/X.cs", "using NativeRetrieval.Core.Cpu;", 0)]
    [InlineData("src/NativeRetrieval.Cuda/X.cs", "using NativeRetrieval.Core.Cpu;", 0)]
    [InlineData("tests/A/X.cs", "using NativeRetrieval.Core.Cpu.Gemm;", 0)]
    public void CpuBackend(string path, string text, int violations) =>
        Assert.Equal(violations, SourceRules.NamesTheCpuBackend(new(path, text)).Count());

    [Theory]
    [InlineData("NativeRetrieval.Core", 1)]
    [InlineData("NativeRetrieval.Indexing", 0)]
    public void Packages(string from, int violations) =>
        Assert.Equal(violations, ReferenceRules.ForbiddenPackages(Project(from, "<PackageReference Include=\"X\" />")).Count());

    [Theory]
    [InlineData("\"src\\NativeRetrieval.Nn\\NativeRetrieval.Nn.csproj\"", 0)]
    [InlineData("\"src\\NativeRetrieval.Other\\NativeRetrieval.Other.csproj\"", 1)]
    public void Solution(string solution, int violations) =>
        Assert.Equal(violations, ReferenceRules.MissingFromSolution(Project("NativeRetrieval.Nn", ""), solution).Count());

    [Theory]
    [InlineData("src/NativeRetrieval.Core/Ops/X.cs", "namespace NativeRetrieval.Core.Ops;", 0)]
    [InlineData("src/NativeRetrieval.Core/Ops/X.cs", "namespace NativeRetrieval.Core;", 1)]
    [InlineData("src/NativeRetrieval.Core/X.cs", "namespace NativeRetrieval.Core\n{", 1)]
    [InlineData("src/NativeRetrieval.Core/Ops/X.cs", "namespace NativeRetrieval.Core.Ops\n{\n}\nnamespace "
        + "NativeRetrieval.Core.Backends\n{\n}", 0)]
    [InlineData("src/NativeRetrieval.Core/X.cs", "class X;", 1)]
    [InlineData("src/NativeRetrieval.Cli/Program.cs", "return 0;", 0)]
    [InlineData("src/samples/Host/Parts/X.cs", "namespace Host.Parts;", 0)]
    [InlineData("src/samples/Host/X.cs", "namespace samples.Host;", 1)]
    public void Namespaces(string path, string text, int violations) =>
        Assert.Equal(violations, SourceRules.NamespaceIsNotFolder(new(path, text)).Count());

    [Theory]
    [InlineData("src/A/X.cs", "File.WriteAllBytes(path, bytes);", 1)]
    [InlineData("src/A/X.cs", "using var s = File.Create(path);", 1)]
    [InlineData("src/A/X.cs", "new FileStream(path, FileMode.CreateNew)", 1)]
    [InlineData("src/A/X.cs", "File.ReadAllBytes(path); // not File.Create(", 0)]
    [InlineData("src/NativeRetrieval.Core/Serialization/DurableFile.cs", "File.Create(path)", 0)]
    [InlineData("weights-convert/A/X.cs", "File.Create(path)", 1)]
    [InlineData("tests/A/X.cs", "File.WriteAllText(path, text);", 0)]
    [InlineData("src/samples/Host/X.cs", "File.WriteAllText(path, text);", 0)]
    public void Writes(string path, string text, int violations) =>
        Assert.Equal(violations, SourceRules.WritesPastDurableFile(new(path, text)).Count());

    [Theory]
    [InlineData("src/A/X.cs", "File.ReadAllBytes(path);", 1)]
    [InlineData("src/A/X.cs", "foreach (string line in File.ReadLines(path)) { }", 1)]
    [InlineData("weights-convert/A/X.cs", "using var s = File.OpenRead(path);", 1)]
    [InlineData("src/A/X.cs", "using var s = RegularFile.OpenRead(path);", 0)]
    [InlineData("src/A/X.cs", "SmallFile.ReadText(path, 10); SmallFile.ReadLines(path, 10);", 0)]
    [InlineData("src/A/X.cs", "new FileStream(path, FileMode.Open, FileAccess.Read)", 1)]
    [InlineData("src/A/X.cs", "new FileStream(path, FileMode.Open, FileAccess.ReadWrite)", 0)]
    [InlineData("src/A/X.cs", "new StreamReader(path)", 1)]
    [InlineData("src/A/X.cs", "new StreamReader(stream)", 0)]
    [InlineData("src/A/X.cs", "long size = new FileInfo(path).Length;", 1)]
    [InlineData("src/A/X.cs", "string? target = new FileInfo(path).LinkTarget;", 0)]
    [InlineData("src/A/X.cs", "File.GetLastWriteTimeUtc(path)", 1)]
    [InlineData("src/NativeRetrieval.Core/Serialization/RegularFile.cs", "new FileStream(p, FileMode.Open, FileAccess.Read)", 0)]
    [InlineData("tests/A/X.cs", "File.ReadAllText(path);", 0)]
    public void Reads(string path, string text, int violations) =>
        Assert.Equal(violations, SourceRules.ReadsPastRegularFile(new(path, text)).Count());

    [Theory]
    [InlineData("src/A/X.cs", "Console.WriteLine(hit.Path);", 1)]
    [InlineData("src/A/X.cs", "void Write(TextWriter output)", 1)]
    [InlineData("weights-convert/A/X.cs", "System.Console.Error.Write(name)", 1)]
    [InlineData("src/NativeRetrieval.Cli/Output/Table.cs", "new StreamWriter(stream)", 1)]
    [InlineData("src/A/X.cs", "Debug.WriteLine(name)", 1)]
    [InlineData("src/A/X.cs", "Debug.Assert(n > 0); ConsoleKey key; Output = TextWriter.Null", 0)]
    [InlineData("src/NativeRetrieval.Cli/Output/Terminal.cs", "Console.Error", 0)]
    [InlineData("src/samples/Host/X.cs", "Console.WriteLine(name)", 0)]
    [InlineData("tests/A/X.cs", "Console.WriteLine(name)", 0)]
    public void Prints(string path, string text, int violations) =>
        Assert.Equal(violations, SourceRules.PrintsPastTheTerminal(new(path, text)).Count());

    [Theory]
    [InlineData("src/A/X.cs", "Random.Shared.Next()", 1)]
    [InlineData("src/A/X.cs", "new Random()", 1)]
    [InlineData("src/A/X.cs", "DateTime.UtcNow", 1)]
    [InlineData("src/A/X.cs", "DateTimeOffset.Now", 1)]
    [InlineData("weights-convert/A/X.cs", "DateTime.UtcNow", 1)]
    [InlineData("src/A/X.cs", "new Philox(seed)", 0)]
    [InlineData("src/NativeRetrieval.Cli/X.cs", "DateTime.UtcNow", 0)]
    public void Ambient(string path, string text, int violations) =>
        Assert.Equal(violations, SourceRules.AmbientRandomnessOrTime(new(path, text)).Count());

    [Theory]
    [InlineData(400, 0)]
    [InlineData(401, 1)]
    public void Length(int lines, int violations)
    {
        string text = string.Concat(Enumerable.Repeat("x\n", lines));
        Assert.Equal(violations, SourceRules.TooLong(new("src/A/X.cs", text)).Count());
    }

    [Theory]
    [InlineData(140, 0)]
    [InlineData(141, 1)]
    public void Columns(int columns, int violations) =>
        Assert.Equal(violations, SourceRules.LongLines(new("src/A/X.cs", $"short\n{new string('x', columns)}\r\n")).Count());

    [Theory]
    [InlineData("{0}", 1)]
    [InlineData("- {0} {0}\r", 1)]
    [InlineData("| {0} |", 0)]
    [InlineData("  <img alt=\"{0}\">", 0)]
    [InlineData("```\n{0}\n```\n", 0)]
    [InlineData("```\n```\n{0}", 1)]
    [InlineData("  `{0}`.", 0)]
    [InlineData("`{0}` and `x`", 1)]
    public void Columns_of_prose(string text, int violations) =>
        Assert.Equal(violations, DocumentRules.LongLines(new("README.md", string.Format(null, text, new string('x', 141)))).Count());

    [Theory]
    [InlineData("/// <summary>What it is.</summary>", 1)]
    [InlineData("/// <summary>\n    /// Where it is.\n    /// </summary>", 1)]
    [InlineData("/// <summary>Whatever the reader takes.</summary>", 0)]
    [InlineData("/// <summary>The place.</summary>", 0)]
    public void Summaries(string text, int violations) =>
        Assert.Equal(violations, SourceRules.SummariesWithoutNoun(new("src/A/X.cs", text)).Count());

    [Theory]
    [InlineData("// TODO later", 1)]
    [InlineData("#region Fields", 1)]
    [InlineData("throw new NotImplementedException();", 1)]
    [InlineData("var path = \"/home/me/file\";", 1)]
    [InlineData("\"resolved\": \"https://example.org/x.tgz\"", 1)]
    [InlineData("// a task to do", 0)]
    public void Words(string text, int violations) =>
        Assert.Equal(violations, SourceRules.ForbiddenWords(new("src/A/X.cs", text)).Count());

    [Theory]
    [InlineData("[x](there.md)", 0)]
    [InlineData("[x](there.md#part)", 0)]
    [InlineData("[x](there.md#other)", 1)]
    [InlineData("[x](../there.md)", 1)]
    [InlineData("[x](gone.md)", 1)]
    [InlineData("![x](gone.svg)", 1)]
    [InlineData("<source srcset=\"gone.svg\">", 1)]
    [InlineData("<img src=\"there.md\">", 0)]
    [InlineData("[x](https://example.org/gone.md)", 0)]
    [InlineData("[x](#part) ## Part", 1)]
    [InlineData("[x](#the-part-s-10)\n\n## The `part`'s, 10\n", 1)]
    [InlineData("[x](#the-parts-10)\n\n## The `part`'s, 10\n", 0)]
    [InlineData("```\n[x](gone.md)\n```", 0)]
    public void Links(string text, int violations)
    {
        var broken = DocumentRules.BrokenLinks(new("tests/README.md", text), path => path == "tests/there.md" ? "## Part\n" : null);
        Assert.Equal(violations, broken.Count());
    }

    [Theory]
    [InlineData("<!-- sample: s.cs -->\n```csharp\nuse(1);\n// <part>\n    use(2);\n\n    use(3);\n// </part>\n```\n", 0)]
    [InlineData("<!-- sample: s.cs#part -->\n```csharp\nuse(2);\n\nuse(3);\n```\n", 0)]
    [InlineData("<!-- sample: s.cs#part -->\n```csharp\nuse(2);\nuse(3);\n```\n", 1)]
    [InlineData("<!-- sample: s.cs#other -->\n```csharp\nuse(2);\n```\n", 1)]
    [InlineData("<!-- sample: gone.cs -->\n```csharp\nuse(2);\n```\n", 1)]
    [InlineData("<!-- sample: s.cs#part -->\nuse(2);\n", 1)]
    [InlineData("```csharp\nuse(2);\n```\n", 1)]
    [InlineData("```\nuse(2);\n```\n", 0)]
    public void Samples(string text, int violations)
    {
        const string Sample = "use(1);\n// <part>\n    use(2);\n\n    use(3);\n// </part>\n";
        Assert.Equal(violations, DocumentRules.CodeOfNoSample(new("README.md", text), path => path == "s.cs" ? Sample : null).Count());
    }

    static SourceFile Project(string name, string items) =>
        new($"src/{name}/{name}.csproj", $"<Project><ItemGroup>{items}</ItemGroup></Project>");
}
