using System.Globalization;
using NativeRetrieval.Fuzz.Tests;

if (args is ["--mutants", var count, .. var kinds])
    return FuzzRun.Report(int.Parse(count, CultureInfo.InvariantCulture), kinds, Console.Out);

return args.Any(arg => arg is "--server" or "--internal-msbuild-node")
    ? await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
