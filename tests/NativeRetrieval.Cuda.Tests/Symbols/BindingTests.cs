using System.Reflection;
using System.Text.Json.Nodes;
using NativeRetrieval.Cuda.Interop.Cublas;
using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cuda.Tests.Symbols;

/// <summary>Every binding against what NVIDIA's headers and libraries say, CUDA 11.8 to 13.2 and cuDNN 9.10 to 9.28.</summary>
public class BindingTests
{
    static readonly Assembly _assembly = typeof(DriverApi).Assembly;
    static readonly Lazy<BindingRules> _rules = new(() => new(RecordedSymbols.Load()));

    static IEnumerable<Type> Named => SymbolExtract.NamedTypes(_assembly);

    [Fact]
    public void Every_function_exists_with_these_parameters_in_every_version() => Holds(BoundFunction.In(_assembly), _rules.Value.Function);

    [Fact]
    public void Every_enumerator_has_its_value_in_every_version() => Holds(Named.Where(type => type.IsEnum), _rules.Value.Enum);

    [Fact]
    public void Every_struct_is_laid_out_as_in_C() => Holds(Named.Where(type => type.IsValueType && !type.IsEnum), _rules.Value.Struct);

    [Fact]
    public void Every_enum_of_an_import_names_its_enumerators() =>
        Holds(Named.Where(type => type.IsEnum), type => SymbolExtract.MembersOf(type)
            .Where(name => name.Length == 0).Select(_ => $"{type.Name}: an enumerator without its C name"));

    [Fact]
    public void Every_attribute_of_cublasLt_has_the_width_that_the_libraries_answer()
    {
        Check<MatmulAttribute>(LtAttributes.SizeBytes);
        Check<PreferenceAttribute>(LtAttributes.SizeBytes);

        static void Check<T>(Func<T, int> sizeBytes) where T : struct, Enum
        {
            var recorded = RecordedSymbols.Load();
            foreach (var value in Enum.GetValues<T>())
            {
                string member = SymbolExtract.NameOf(typeof(T).GetField(value.ToString())!);
                Assert.All(recorded.AttributeBytes(SymbolExtract.NameOf(typeof(T)), member),
                    bytes => Assert.Equal((member, bytes), (member, sizeBytes(value))));
            }
        }
    }

    [Fact]
    public void All_five_libraries_are_bound() =>
        Assert.Equal(["cublas", "cublasLt", "cuda", "cudnn", "nvrtc"],
            BoundFunction.In(_assembly).Select(function => function.Library).Distinct().Order(StringComparer.Ordinal));

    /// <summary>NATIVERETRIEVAL_UPDATE_GOLDEN=1 writes the extract anew.</summary>
    [Fact]
    public void The_committed_extract_is_what_the_recorded_set_says()
    {
        string? folder = Fixtures.Shared("fixtures/cuda-symbols");
        Assert.SkipWhen(folder is null, Fixtures.WhyAbsent("fixtures/cuda-symbols"));
        string text = SymbolExtract.Text(SymbolExtract.Make(folder, _assembly));
        if (Environment.GetEnvironmentVariable("NATIVERETRIEVAL_UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(RecordedSymbols.ExtractPath)!);
            File.WriteAllText(RecordedSymbols.ExtractPath, text);
        }
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(text), JsonNode.Parse(File.ReadAllText(RecordedSymbols.ExtractPath))),
            $"{RecordedSymbols.ExtractPath} is out of date; make it anew");
    }

    static void Holds<T>(IEnumerable<T> things, Func<T, IEnumerable<string>> rule)
    {
        var all = things.ToList();
        Assert.NotEmpty(all);
        string problems = string.Join("\n", all.SelectMany(rule));
        Assert.True(problems.Length == 0, problems);
    }
}
