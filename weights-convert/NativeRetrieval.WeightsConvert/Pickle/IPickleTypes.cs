namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>What the classes, functions and outside objects that a pickle names stand for. Nothing may be called or loaded by name.</summary>
interface IPickleTypes
{
    /// <summary>The value of <c>callable(*arguments)</c>.</summary>
    /// <exception cref="PickleError">The callable is not known.</exception>
    object Call(PickleGlobal callable, PickleList arguments);

    /// <summary>An instance of a class, its state still to come.</summary>
    /// <exception cref="PickleError">The class is none.</exception>
    object Instance(PickleGlobal type, PickleList arguments);

    /// <summary>What lies outside the pickle under this id.</summary>
    /// <exception cref="PickleError">It is not known.</exception>
    object Persistent(object id);
}
